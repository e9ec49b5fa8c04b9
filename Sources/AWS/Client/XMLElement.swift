/// An element of what services answer that speak Query: names without their namespaces, text, children; attributes mean
/// nothing there.
public struct XMLElement: Sendable, Hashable {
  public var name: String
  /// All of it that stands directly in the element, trimmed.
  public var text = ""
  public var children: [XMLElement] = []

  /// The first child of a name.
  public subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

  /// The root of a document; nil when it is not well-formed. Documents with a DTD are refused, for entities could be
  /// anything.
  public init?(parsing bytes: [UInt8]) {
    var reader = XMLReader(String(decoding: bytes, as: UTF8.self))
    guard let root = reader.document() else { return nil }
    self = root
  }

  init(name: String) { self.name = name }
}

/// Reads XML 1.0 as far as services write it.
private struct XMLReader {
  private var rest: Substring
  private static let deepest = 64

  init(_ text: String) { rest = text[...] }

  mutating func document() -> XMLElement? {
    guard skipProlog(), let root = element(depth: 0), skipProlog(), rest.isEmpty else { return nil }
    return root
  }

  private mutating func skipSpace() { rest = rest.drop { $0.isWhitespace } }

  /// Declarations, comments and blanks.
  private mutating func skipProlog() -> Bool {
    while true {
      skipSpace()
      if rest.hasPrefix("<?") {
        guard skip(past: "?>") else { return false }
      } else if rest.hasPrefix("<!--") {
        guard skip(past: "-->") else { return false }
      } else {
        return true
      }
    }
  }

  private mutating func skip(past end: String) -> Bool {
    guard let range = rest.firstRange(of: end) else { return false }
    rest = rest[range.upperBound...]
    return true
  }

  private mutating func element(depth: Int) -> XMLElement? {
    guard depth < Self.deepest, rest.first == "<", let (full, isEmpty) = startTag() else { return nil }
    var element = XMLElement(name: String(full.split(separator: ":").last ?? ""))
    if isEmpty { return element }
    var text = ""
    while let next = rest.first {
      if rest.hasPrefix("</") {
        guard endTag(full) else { return nil }
        element.text = String(text.trimmingPrefix { $0.isWhitespace })
        while element.text.last?.isWhitespace == true { element.text.removeLast() }
        return element
      } else if rest.hasPrefix("<!--") {
        guard skip(past: "-->") else { return nil }
      } else if rest.hasPrefix("<![CDATA[") {
        guard let range = rest.firstRange(of: "]]>") else { return nil }
        text += rest[..<range.lowerBound].dropFirst(9)
        rest = rest[range.upperBound...]
      } else if next == "<" {
        guard let child = self.element(depth: depth + 1) else { return nil }
        element.children.append(child)
      } else {
        guard let piece = characters() else { return nil }
        text += piece
      }
    }
    return nil
  }

  /// The name with its namespace. Quotation marks may hide the end of the tag.
  private mutating func startTag() -> (name: Substring, isEmpty: Bool)? {
    rest.removeFirst()
    let name = rest.prefix { !$0.isWhitespace && $0 != ">" && $0 != "/" && $0 != "<" }
    guard let first = name.first, first.isLetter || first == "_" else { return nil }
    rest = rest[name.endIndex...]
    var quote: Character?
    var last: Character?
    while let character = rest.popFirst() {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character == ">" {
        return (name, last == "/")
      } else if character == "<" {
        return nil
      }
      last = character
    }
    return nil
  }

  private mutating func endTag(_ name: Substring) -> Bool {
    rest = rest.dropFirst(2)
    guard rest.hasPrefix(name) else { return false }
    rest = rest[name.endIndex(in: rest)...].drop { $0.isWhitespace }
    return rest.popFirst() == ">"
  }

  private mutating func characters() -> String? {
    let piece = rest.prefix { $0 != "<" && $0 != "&" }
    rest = rest[piece.endIndex...]
    guard rest.first == "&" else { return String(piece) }
    guard let end = rest.prefix(12).firstIndex(of: ";"), let value = Self.entity(rest[..<end].dropFirst()) else {
      return nil
    }
    rest = rest[rest.index(after: end)...]
    return piece + value
  }

  private static func entity(_ name: Substring) -> String? {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      let number =
        name.hasPrefix("#x")
        ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
      return number.flatMap(Unicode.Scalar.init).map { String($0) }
    }
  }
}

extension Substring {
  /// Where `whole` goes on behind this, which it begins with.
  fileprivate func endIndex(in whole: Substring) -> Index { whole.index(whole.startIndex, offsetBy: count) }
}
