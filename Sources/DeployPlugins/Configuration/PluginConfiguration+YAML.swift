public import Diagnostics
import HostOS
import JSON
public import SourceYAML
public import SystemPackage

extension PluginConfiguration {
  /// Of a part of a YAML file. Scalars are what YAML's core schema says: a plain `true`, `1` and `null` are no texts.
  public init(_ node: YAMLNode, in file: SourceFile) {
    self.init(at: SourceAnnotation(file, node.range))
    value = node.isNull ? [:] : take(node, .root, file)
  }

  /// A file with YAML or JSON.
  /// - Throws: `YAMLError`; `DiagnosticsError` for what is no JSON, or no mapping; `HostError`.
  public init(file path: FilePath) throws {
    let file = SourceFile(name: path.string, bytes: try Files.read(path, limit: 16 << 20))
    if path.extension == "json" {
      let parsed: JSONValue
      do { parsed = try JSONValue(parsing: file.bytes) } catch { throw Self.error(error, file) }
      // YAML knows where the values stand, and cannot read all of JSON.
      if let document = try? YAMLDocument.parse(file) {
        self.init(document.root, in: file)
      } else {
        self.init(at: SourceAnnotation(file, SourceRange(0, 0)))
      }
      value = parsed
      texts = [:]
    } else {
      self.init(try YAMLDocument.parse(file).root, in: file)
    }
    guard value.object != nil else {
      throw DiagnosticsError(
        .error(
          "invalid-configuration", "\(path) is \(SchemaWords.kind(value.typeName)) and has to be a mapping",
          at: SourceAnnotation(file, SourceRange(0, 0)), help: ["write the keys of the plugin's with:"]),
        exitCode: .usage)
    }
  }

  private static func error(_ error: JSONSyntaxError, _ file: SourceFile) -> DiagnosticsError {
    let start = error.line <= file.lineStarts.count ? file.lineStarts[error.line - 1] + error.column - 1 : 0
    return DiagnosticsError(
      .error(
        "json-syntax", error.reason, at: SourceAnnotation(file, SourceRange(start, start)),
        help: ["correct the file \(file.name)"]), exitCode: .usage)
  }

  private mutating func take(_ node: YAMLNode, _ pointer: JSONPointer, _ file: SourceFile) -> JSONValue {
    if places[pointer] == nil { places[pointer] = .file(file, value: node.range, key: nil) }
    switch node.content {
    case .scalar(let scalar):
      let isText = node.tag == "tag:yaml.org,2002:str" || node.tag == "!!str" || scalar.style != .plain
      if isText { return .string(scalar.text) }
      let value = YAMLCore.value(scalar.text)
      if value.string == nil { texts[pointer] = scalar.text }
      return value
    case .sequence(let nodes):
      return .array(nodes.enumerated().map { take($0.element, pointer.appending($0.offset), file) })
    case .mapping(let mapping):
      return .members(
        mapping.entries.map { entry in
          let inner = pointer.appending(entry.key)
          places[inner] = .file(file, value: entry.value.range, key: entry.keyRange)
          return (entry.key, take(entry.value, inner, file))
        })
    }
  }
}

/// YAML 1.2's core schema (section 10.3.2): what plain scalars stand for.
enum YAMLCore {
  static func value(_ text: String) -> JSONValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default: return number(text) ?? .string(text)
    }
  }

  private static func number(_ text: String) -> JSONValue? {
    guard let first = text.utf8.first, first < 0x3A, first != 0x2F else { return nil }
    if text.wholeMatch(of: #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/#) != nil {
      // As it is written: 1.0 stays 1.0.
      return try? JSONValue(parsing: text)
    }
    if text.wholeMatch(of: #/[-+]?[0-9]+/#) != nil { return Int(text).map { .int($0) } }
    if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8).map { .int($0) } }
    if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16).map { .int($0) } }
    guard text.wholeMatch(of: #/[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/#) != nil else { return nil }
    return Double(text.hasSuffix(".") ? String(text.dropLast()) : text).flatMap(JSONNumber.init).map { .number($0) }
  }
}
