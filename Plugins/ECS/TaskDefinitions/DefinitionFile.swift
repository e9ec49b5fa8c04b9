public import DeployPlugins
import Diagnostics
import Foundation
import HostOS
public import JSON
import SourceYAML
import SystemPackage

/// A file in the form of an AWS request, in JSON or YAML, with variables.
public enum DefinitionFile {
  /// - Parameters:
  ///   - path: relative to the working folder.
  ///   - variables: what `${NAME}` stands for; nil leaves such texts as they are. `$${` is a plain `${`.
  ///   - key: of the configuration, for messages.
  /// - Throws: `PluginFailure` of the category `config`.
  public static func read(
    _ path: String, variables: [(name: String, value: String)]?, config: DeployConfig, key: String
  ) throws(PluginFailure) -> JSONValue {
    let bytes: [UInt8]
    do { bytes = try Files.read(FilePath(path), limit: 4 << 20) } catch {
      throw config.failure(key, "cannot read \(path)", hint: "check that the file is there and may be read")
    }
    let values = variables.map { Dictionary($0.map { ($0.name, $0.value) }) { _, last in last } }
    func filled(_ text: String) throws(PluginFailure) -> String {
      guard let values else { return text }
      return try fill(text, values, path, config, key)
    }
    if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
      let document: YAMLDocument
      do {
        document = try YAMLDocument.parse(SourceFile(name: path, bytes: bytes))
      } catch { throw failure(path, error.diagnostics.first?.message ?? "it is no YAML", config, key) }
      return try value(document.root, filled)
    }
    let json: JSONValue
    do { json = try JSONValue(parsing: bytes) } catch { throw failure(path, "\(error)", config, key) }
    return try value(json, filled)
  }

  private static func failure(
    _ path: String, _ reason: String, _ config: DeployConfig, _ key: String
  ) -> PluginFailure {
    config.failure(key, "cannot read \(path): \(reason)", hint: "write it in JSON, or in YAML as .yaml or .yml")
  }

  private static func value(
    _ json: JSONValue, _ filled: (String) throws(PluginFailure) -> String
  ) throws(PluginFailure) -> JSONValue {
    switch json {
    case .string(let text): return .string(try filled(text))
    case .array(let elements):
      var values: [JSONValue] = []
      for element in elements { values.append(try value(element, filled)) }
      return .array(values)
    case .object(let object):
      var values = JSONObject()
      for member in object.members { values[member.name] = try value(member.value, filled) }
      return .object(values)
    default: return json
    }
  }

  private static func value(
    _ node: YAMLNode, _ filled: (String) throws(PluginFailure) -> String
  ) throws(PluginFailure) -> JSONValue {
    if let sequence = node.sequence {
      var values: [JSONValue] = []
      for element in sequence { values.append(try value(element, filled)) }
      return .array(values)
    }
    if let mapping = node.mapping {
      var object = JSONObject()
      for entry in mapping.entries { object[entry.key] = try value(entry.value, filled) }
      return .object(object)
    }
    guard let scalar = node.scalar, !node.isNull else { return .null }
    let text = try filled(scalar.text)
    guard scalar.style == .plain, node.tag == nil else { return .string(text) }
    // The core schema of YAML 1.2.
    switch text {
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default:
      let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
      let isNumber = digits.first.map { $0.isASCII && $0.isNumber } ?? false
      if isNumber, let number = try? JSONValue(parsing: text), number.number != nil { return number }
      return .string(text)
    }
  }

  /// Puts values in the place of `${NAME}` and `${NAME:-default}`.
  private static func fill(
    _ text: String, _ values: [String: String], _ path: String, _ config: DeployConfig, _ key: String
  ) throws(PluginFailure) -> String {
    guard text.contains("${") else { return text }
    var out = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      if rest[..<start.lowerBound].hasSuffix("$") {
        out += rest[..<start.lowerBound].dropLast() + "${"
        rest = rest[start.upperBound...]
        continue
      }
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
      let name = rest[start.upperBound..<end]
      let parts = name.firstRange(of: ":-").map { (name[..<$0.lowerBound], name[$0.upperBound...]) }
      guard let value = values[String(parts?.0 ?? name)] ?? parts.map({ String($0.1) }) else {
        throw config.failure(
          key, "\(path) has the variable ${\(name)}, and variables has no value for it",
          hint: "add \(name) to variables, or write $${\(name)} for that text itself")
      }
      out += rest[..<start.lowerBound] + value
      rest = rest[rest.index(after: end)...]
    }
    return out + rest
  }
}
