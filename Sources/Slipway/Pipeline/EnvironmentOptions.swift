import Diagnostics
import HostOS
import SystemPackage

/// `--env` and `--env-file`, understood.
struct EnvironmentOptions: Sendable {
  var variables: [String: String] = [:]
  /// Names of those that look like secrets.
  var secretNames: [String] { variables.keys.filter(Self.looksSecret).sorted() }

  /// - Throws: `SlipwayError` with the codes `invalid-pair` and `invalid-env-file`; `HostError`.
  init(_ request: PipelineRequest, _ environment: Environment) throws {
    for path in request.variableFiles { try read(path, environment) }
    for text in request.variables { try add(text, from: "--env \(text)", environment) }
  }

  /// The form is docker's: a pair on each line, values as they are, lines of `#` are comments.
  private mutating func read(_ path: FilePath, _ environment: Environment) throws {
    let text = String(decoding: try Files.read(path, limit: 16 << 20), as: UTF8.self)
    let body = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
    for (index, line) in body.split(separator: /\r?\n/, omittingEmptySubsequences: false).enumerated() {
      let line = line.drop { $0 == " " || $0 == "\t" }
      if line.isEmpty || line.hasPrefix("#") { continue }
      try add(String(line), from: "line \(index + 1) of \(path)", environment)
    }
  }

  private mutating func add(_ text: String, from place: String, _ environment: Environment) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard Self.isName(parts[0]), !text.utf8.contains(0) else {
      throw SlipwayError(
        "invalid-pair", "\(place) is not NAME=value",
        help: ["write NAME=value; names have letters, digits and underscores"])
    }
    if parts.count == 2 {
      variables[parts[0]] = parts[1]
    } else if let value = environment[parts[0]] {
      variables[parts[0]] = value
    }
  }

  private static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil }

  /// Whether a name is one that people give to secrets.
  static func looksSecret(_ name: String) -> Bool {
    let name = name.uppercased()
    let words = ["SECRET", "PASSWORD", "PASSWD", "TOKEN", "CREDENTIAL", "PRIVATE", "APIKEY", "ACCESS_KEY"]
    if name.hasSuffix("_ID") || name.hasSuffix("_NAME") || name.hasSuffix("_ARN") || name.hasSuffix("_FILE") {
      return false
    }
    return words.contains { name.contains($0) } || name.hasSuffix("_KEY") || name.hasSuffix("_PW")
  }
}
