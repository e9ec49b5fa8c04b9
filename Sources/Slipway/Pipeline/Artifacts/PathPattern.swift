/// A path with `*`, `?` and `[…]` within names, `**` for any number of folders, and `{a,b}`: the patterns of artifacts,
/// reports and caches (CodeBuild, "Buildspec syntax").
struct PathPattern: Sendable, Hashable {
  /// Names, of which `**` stands for any number.
  let names: [[UInt8]]

  static let anyDepth = Array("**".utf8)

  /// All that a text stands for, one for each way through its braces. `.` and empty names do not count, and what leads
  /// out of the folder by `..` stands for nothing.
  static func all(_ text: String) -> [PathPattern] {
    braces(text[...]).compactMap { choice in
      var names: [[UInt8]] = []
      for name in choice.utf8.split(separator: UInt8(ascii: "/")).map({ Array($0) }) {
        switch String(decoding: name, as: UTF8.self) {
        case ".": continue
        case "..":
          if names.isEmpty { return nil }
          names.removeLast()
        default: names.append(name)
        }
      }
      return PathPattern(names: names)
    }
  }

  /// The names before the first that is a pattern.
  var literalNames: [[UInt8]] { Array(names.prefix { !Self.isPattern($0) }) }
  var isLiteral: Bool { literalNames.count == names.count }

  private static func isPattern(_ name: [UInt8]) -> Bool {
    name.contains(UInt8(ascii: "*")) || name.contains(UInt8(ascii: "?")) || name.contains(UInt8(ascii: "["))
  }

  func matches(_ path: [[UInt8]]) -> Bool { Self.match(names[...], path[...]) }

  /// Whether something below a folder may match.
  func mayMatch(below folder: [[UInt8]]) -> Bool {
    for (index, name) in folder.enumerated() {
      guard index < names.count else { return false }
      if names[index] == Self.anyDepth { return true }
      if !Self.matchName(names[index][...], name[...]) { return false }
    }
    return folder.count < names.count
  }

  private static func match(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<[UInt8]>) -> Bool {
    guard let first = pattern.first else { return path.isEmpty }
    if first == anyDepth {
      let rest = pattern.dropFirst()
      return (0...path.count).contains { match(rest, path.dropFirst($0)) }
    }
    guard let name = path.first, matchName(first[...], name[...]) else { return false }
    return match(pattern.dropFirst(), path.dropFirst())
  }

  private static func matchName(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    switch first {
    case UInt8(ascii: "*"):
      let rest = pattern.dropFirst()
      return (0...name.count).contains { matchName(rest, name.dropFirst($0)) }
    case UInt8(ascii: "?"):
      return !name.isEmpty && matchName(pattern.dropFirst(), name.dropFirst())
    case UInt8(ascii: "["):
      if let end = pattern.dropFirst(2).firstIndex(of: UInt8(ascii: "]")) {
        guard let byte = name.first, contains(pattern[(pattern.startIndex + 1)..<end], byte) else { return false }
        return matchName(pattern[(end + 1)...], name.dropFirst())
      }
    case UInt8(ascii: "\\") where pattern.count > 1:
      let literal = pattern.dropFirst()
      return name.first == literal.first && matchName(literal.dropFirst(), name.dropFirst())
    default: break
    }
    return name.first == first && matchName(pattern.dropFirst(), name.dropFirst())
  }

  /// Whether a class such as `a-z`, `!0-9` or `^x` has a byte.
  private static func contains(_ set: ArraySlice<UInt8>, _ byte: UInt8) -> Bool {
    let isNegated = set.first == UInt8(ascii: "!") || set.first == UInt8(ascii: "^")
    var rest = isNegated ? set.dropFirst() : set
    var isIn = false
    while let low = rest.first {
      let range = Array(rest.prefix(3))
      if range.count == 3, range[1] == UInt8(ascii: "-") {
        if low <= byte, byte <= range[2] { isIn = true }
        rest = rest.dropFirst(3)
      } else {
        if low == byte { isIn = true }
        rest = rest.dropFirst()
      }
    }
    return isIn != isNegated
  }

  private static func braces(_ text: Substring) -> [Substring] {
    guard let open = text.firstIndex(of: "{"), let close = text[open...].firstIndex(of: "}") else { return [text] }
    let inside = text[text.index(after: open)..<close]
    guard inside.contains(",") else { return [text] }
    let (before, after) = (text[..<open], text[text.index(after: close)...])
    return inside.split(separator: ",", omittingEmptySubsequences: false).flatMap { choice -> [Substring] in
      braces(Substring("\(before)\(choice)\(after)"))
    }
  }
}
