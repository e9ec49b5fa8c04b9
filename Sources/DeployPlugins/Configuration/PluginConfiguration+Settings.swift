import Diagnostics
import JSON
import SourceYAML

extension PluginConfiguration {
  /// Takes `--set`: `key=value` with the type that the schema has for the key, or `key:=JSON`. A dot leads into a
  /// mapping, a number into a list; `\.` is a dot.
  /// - Throws: `DiagnosticsError` that names the flag.
  public mutating func set(_ argument: String, _ schema: JSONSchema, flag: String = "--set") throws {
    let spelling = "\(flag) \(argument)"
    guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
      throw Self.invalid("\(spelling) is not key=value", "write \(flag) key=value, such as --set service=web")
    }
    let isJSON = argument[..<equals].hasSuffix(":")
    let key = String(argument[..<equals].dropLast(isJSON ? 1 : 0))
    let text = String(argument[argument.index(after: equals)...])
    let pointer = JSONPointer(Self.path(key))
    guard pointer.tokens.allSatisfy({ !$0.isEmpty }) else {
      throw Self.invalid("\(spelling) has an empty name in its key", "write names with a dot between two of them")
    }
    if isJSON {
      do { try put(try JSONValue(parsing: text), at: pointer, spelling) } catch let error as JSONSyntaxError {
        throw Self.invalid("the value of \(spelling) is no JSON: \(error)", "put the JSON into quotes of your shell")
      }
    } else {
      try put(try Self.value(text, schema.types(at: pointer), spelling), at: pointer, spelling)
      texts[pointer] = text
    }
  }

  /// A flag that sets one key.
  public mutating func set(_ key: String, to text: String, flag: String) throws {
    try put(.string(text), at: JSONPointer([key]), "\(flag) \(text)")
  }

  /// `a.b\.c` is `a`, `b.c`.
  private static func path(_ key: String) -> [String] {
    key.replacing("\\.", with: "\u{0}").split(separator: ".", omittingEmptySubsequences: false).map {
      String($0).replacing("\u{0}", with: ".")
    }
  }

  private static func value(_ text: String, _ types: Set<String>, _ spelling: String) throws -> JSONValue {
    let plain = YAMLCore.value(text)
    if types.isEmpty || types.contains("string") {
      // What fits as it is, such as true for a key that takes a text or true, is no text.
      return types.contains(where: { SchemaValidator.isType($0, plain) }) || types.isEmpty ? plain : .string(text)
    }
    guard types.contains("array") || types.contains("object") else { return plain }
    if !text.hasPrefix("["), !text.hasPrefix("{"), types.contains("array"), !types.contains("object") {
      return .array(text.split(separator: ",").map { YAMLCore.value(String($0)) })
    }
    let file = SourceFile(name: "<\(spelling)>", text: text)
    do { return PluginConfiguration(try YAMLDocument.parse(file).root, in: file).value } catch {
      throw invalid("the value of \(spelling) cannot be read", "write key:=JSON, or [a, b] and {a: b}")
    }
  }

  private mutating func put(_ new: JSONValue, at pointer: JSONPointer, _ spelling: String) throws {
    guard let changed = Self.putting(new, into: value, pointer.tokens[...]) else {
      throw Self.invalid(
        "\(spelling) leads into what is neither a mapping nor a list", "set the whole value, or correct the key")
    }
    forget(pointer)
    value = changed
    places[pointer] = .flag(spelling)
  }

  /// Nil when the way leads through a scalar or beyond the end of a list.
  private static func putting(_ new: JSONValue, into value: JSONValue, _ path: ArraySlice<String>) -> JSONValue? {
    guard let token = path.first else { return new }
    let rest = path.dropFirst()
    if var elements = value.array {
      guard let index = Int(token), (0...elements.count).contains(index) else { return nil }
      guard let inner = putting(new, into: index < elements.count ? elements[index] : .null, rest) else { return nil }
      if index < elements.count { elements[index] = inner } else { elements.append(inner) }
      return .array(elements)
    }
    guard value.object != nil || value.isNull else { return nil }
    var object = value.object ?? JSONObject()
    guard let inner = putting(new, into: object[token] ?? .null, rest) else { return nil }
    object[token] = inner
    return .object(object)
  }

  private static func invalid(_ message: String, _ help: String) -> DiagnosticsError {
    DiagnosticsError(.error("invalid-setting", message, help: [help]), exitCode: .usage)
  }
}
