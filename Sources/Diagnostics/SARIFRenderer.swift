import JSON

/// Renders diagnostics as a SARIF log, which code scanning services and editors read.
///
/// The form is that of "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" of OASIS, with one run.
public struct SARIFRenderer: Sendable {
  /// The program that speaks.
  public var toolName: String
  public var toolVersion: String
  /// The table that the diagnostics' codes refer to; codes that are not in it are permitted.
  public var rules: [DiagnosticRule]

  public init(toolName: String, toolVersion: String, rules: [DiagnosticRule]) {
    self.toolName = toolName
    self.toolVersion = toolVersion
    self.rules = rules
  }

  /// The log, ending in a line feed.
  public func render(_ diagnostics: [Diagnostic]) -> String {
    let indices = Dictionary(
      rules.enumerated().map { ($0.element.code, $0.offset) }, uniquingKeysWith: { first, _ in first })
    let run = JSONValue.members([
      ("tool", .members([("driver", driver)])),
      ("columnKind", .string("unicodeCodePoints")),
      ("results", .array(diagnostics.map { result($0, ruleIndex: indices[$0.code]) })),
    ])
    let log = JSONValue.members([
      (
        "$schema", .string("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
      ),
      ("version", .string("2.1.0")),
      ("runs", .array([run])),
    ])
    return log.prettyText + "\n"
  }

  private var driver: JSONValue {
    .members([
      ("name", .string(toolName)), ("version", .string(toolVersion)), ("rules", .array(rules.map(descriptor))),
    ])
  }

  /// SARIF 2.1.0, section 3.49.
  private func descriptor(_ rule: DiagnosticRule) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("id", .string(rule.code.rawValue)), ("name", .string(rule.code.rawValue)),
      ("shortDescription", message(rule.summary)),
    ]
    // A helpUri must be absolute.
    if rule.link.contains("://") {
      members.append(("helpUri", .string(rule.link)))
    } else {
      members.append(("help", message("see \(rule.link)")))
    }
    members.append(
      (
        "defaultConfiguration",
        .members([("enabled", .bool(rule.isEnabledByDefault)), ("level", .string("warning"))])
      ))
    return .members(members)
  }

  /// SARIF 2.1.0, section 3.27.
  private func result(_ diagnostic: Diagnostic, ruleIndex: Int?) -> JSONValue {
    var members: [(String, JSONValue)] = [("ruleId", .string(diagnostic.code.rawValue))]
    if let ruleIndex { members.append(("ruleIndex", .int(ruleIndex))) }
    members.append(("level", .string(diagnostic.severity.rawValue)))
    members.append(
      ("message", message(([diagnostic.message] + diagnostic.help.map { "help: \($0)" }).joined(separator: "\n"))))
    members.append(("locations", .array(diagnostic.annotation.map { [location($0)] } ?? [])))
    let related = diagnostic.notes.compactMap { note in
      note.annotation.map { location($0, text: note.message) }
    }
    if !related.isEmpty { members.append(("relatedLocations", .array(related))) }
    return .members(members)
  }

  private func location(_ annotation: SourceAnnotation, text: String? = nil) -> JSONValue {
    let (start, end) = (annotation.start, annotation.end)
    let region = JSONValue.members([
      ("startLine", .int(start.line)), ("startColumn", .int(start.column)),
      ("endLine", .int(end.line)), ("endColumn", .int(end.column)),
    ])
    var members: [(String, JSONValue)] = [
      (
        "physicalLocation",
        .members([
          ("artifactLocation", .members([("uri", .string(Self.uri(of: annotation.file.name)))])), ("region", region),
        ])
      )
    ]
    if let text { members.append(("message", message(text))) }
    return .members(members)
  }

  private func message(_ text: String) -> JSONValue { .members([("text", .string(text))]) }

  /// A path as a URI reference (RFC 3986): all but what may stand in a path is percent-encoded.
  static func uri(of path: String) -> String {
    var out = ""
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x30...0x39,
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"),
        UInt8(ascii: "@"), UInt8(ascii: "+"):
        out.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        out += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return out
  }
}
