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
    let run = JSONText.object([
      ("tool", .object([("driver", driver)])),
      ("columnKind", .string("unicodeCodePoints")),
      ("results", .array(diagnostics.map { result($0, ruleIndex: indices[$0.code]) })),
    ])
    let log = JSONText.object([
      (
        "$schema", .string("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
      ),
      ("version", .string("2.1.0")),
      ("runs", .array([run])),
    ])
    return log.rendered() + "\n"
  }

  private var driver: JSONText {
    .object([
      ("name", .string(toolName)), ("version", .string(toolVersion)), ("rules", .array(rules.map(descriptor))),
    ])
  }

  /// SARIF 2.1.0, section 3.49.
  private func descriptor(_ rule: DiagnosticRule) -> JSONText {
    var members: [(name: String, value: JSONText)] = [
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
        .object([("enabled", .boolean(rule.isEnabledByDefault)), ("level", .string("warning"))])
      ))
    return .object(members)
  }

  /// SARIF 2.1.0, section 3.27.
  private func result(_ diagnostic: Diagnostic, ruleIndex: Int?) -> JSONText {
    var members: [(name: String, value: JSONText)] = [("ruleId", .string(diagnostic.code.rawValue))]
    if let ruleIndex { members.append(("ruleIndex", .number(ruleIndex))) }
    members.append(("level", .string(diagnostic.severity.rawValue)))
    members.append(
      ("message", message(([diagnostic.message] + diagnostic.help.map { "help: \($0)" }).joined(separator: "\n"))))
    members.append(("locations", .array(diagnostic.annotation.map { [location($0)] } ?? [])))
    let related = diagnostic.notes.compactMap { note in
      note.annotation.map { location($0, text: note.message) }
    }
    if !related.isEmpty { members.append(("relatedLocations", .array(related))) }
    return .object(members)
  }

  private func location(_ annotation: SourceAnnotation, text: String? = nil) -> JSONText {
    let (start, end) = (annotation.start, annotation.end)
    let region = JSONText.object([
      ("startLine", .number(start.line)), ("startColumn", .number(start.column)),
      ("endLine", .number(end.line)), ("endColumn", .number(end.column)),
    ])
    var members: [(name: String, value: JSONText)] = [
      (
        "physicalLocation",
        .object([
          ("artifactLocation", .object([("uri", .string(Self.uri(of: annotation.file.name)))])), ("region", region),
        ])
      )
    ]
    if let text { members.append(("message", message(text))) }
    return .object(members)
  }

  private func message(_ text: String) -> JSONText { .object([("text", .string(text))]) }

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
