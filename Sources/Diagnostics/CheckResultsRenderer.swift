import JSON

/// Renders the diagnostics of a file as `docker buildx build --call=check,format=json` prints them.
///
/// The form is that of `LintResults` in BuildKit's `frontend/subrequests/lint`: `warnings`, `sources`, and `error`
/// when there is one. Lines count from 1, characters from 0.
public struct CheckResultsRenderer: Sendable {
  /// The table that the diagnostics' codes refer to.
  public var rules: [DiagnosticRule]

  public init(rules: [DiagnosticRule]) {
    self.rules = rules
  }

  /// The results, ending in a line feed. The first diagnostic that is an error is what ends a build.
  public func render(_ diagnostics: [Diagnostic], of file: SourceFile) -> String {
    let table = Dictionary(rules.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
    var sources = [file]
    for annotation in diagnostics.compactMap(\.annotation) where !sources.contains(annotation.file) {
      sources.append(annotation.file)
    }
    let warnings = diagnostics.filter { $0.severity != .error }
    var members: [(String, JSONValue)] = [
      ("warnings", .array(warnings.map { warning($0, table[$0.code], sources) })),
      ("sources", .array(sources.map(source))),
    ]
    if let error = diagnostics.first(where: { $0.severity == .error }) {
      members.append(
        ("error", .members([("message", .string(error.message))] + location(of: error, sources))))
    }
    return JSONValue.members(members).prettyText + "\n"
  }

  private func warning(_ diagnostic: Diagnostic, _ rule: DiagnosticRule?, _ sources: [SourceFile]) -> JSONValue {
    var members: [(String, JSONValue)] = [("ruleName", .string(diagnostic.code.rawValue))]
    if let rule {
      members.append(("description", .string(rule.summary)))
      members.append(("url", .string(rule.link)))
    }
    members.append(("detail", .string(diagnostic.message)))
    return .members(members + location(of: diagnostic, sources))
  }

  private func location(
    of diagnostic: Diagnostic, _ sources: [SourceFile]
  ) -> [(String, JSONValue)] {
    guard let annotation = diagnostic.annotation else { return [] }
    let range = JSONValue.members([("start", position(annotation.start)), ("end", position(annotation.end))])
    let index = sources.firstIndex(of: annotation.file) ?? 0
    return [("location", .members([("sourceIndex", .int(index)), ("ranges", .array([range]))]))]
  }

  private func position(_ location: SourceLocation) -> JSONValue {
    .members([("line", .int(location.line)), ("character", .int(location.column - 1))])
  }

  private func source(_ file: SourceFile) -> JSONValue {
    .members([
      ("fileName", .string(file.name)), ("language", .string("Dockerfile")), ("definition", .null),
      ("data", .string(Self.base64(file.bytes))),
    ])
  }

  /// RFC 4648, section 4.
  static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[start + $1]) : 0) }
      for position in 0..<4 {
        let isPadding = position > group.count
        out.append(isPadding ? UInt8(ascii: "=") : alphabet[bits >> (18 - 6 * position) & 0x3F])
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
