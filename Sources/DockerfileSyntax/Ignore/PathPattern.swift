/// A compiled wildcard pattern over slash-separated paths. It is run as an automaton over sets of positions, so that
/// the time is at most pattern length times path length.
struct PathPattern: Sendable, Hashable {
  enum Element: Sendable, Hashable {
    case character(PathCharacter)
    /// `?`: any character but `/`.
    case any
    /// `[…]`; it may match `/`.
    case set(PathCharacterSet)
    /// `*`: any text without `/`.
    case text
    /// A `**` at the end: any text.
    case everything
    /// A `**` with more behind it: nothing, or any text that ends in `/`. It is followed by `.foldersRest`.
    case folders
    case foldersRest

    fileprivate var character: PathCharacter? { if case .character(let character) = self { character } else { nil } }
  }

  let elements: [Element]
  /// The characters in front of the first wildcard.
  let prefix: [PathCharacter]
  /// The characters behind the last wildcard.
  let suffix: [PathCharacter]

  init(_ elements: [Element]) {
    self.elements = elements
    self.prefix = Array(elements.lazy.map(\.character).prefix { $0 != nil }.compactMap { $0 })
    self.suffix = elements.reversed().lazy.map(\.character).prefix { $0 != nil }.compactMap { $0 }.reversed()
  }

  var isLiteral: Bool { prefix.count == elements.count }

  func matches(_ path: [PathCharacter]) -> Bool {
    guard path.starts(with: prefix) else { return false }
    if isLiteral { return path.count == prefix.count }
    return run(path[prefix.count...], from: prefix.count)?[elements.count] ?? false
  }

  /// Whether the pattern matches some path that begins with `start`.
  func mayMatch(beginningWith start: [PathCharacter]) -> Bool {
    guard start.count > prefix.count else { return prefix.starts(with: start) }
    guard start.starts(with: prefix) else { return false }
    return run(start[prefix.count...], from: prefix.count) != nil
  }

  /// The positions that are reached behind `path`; nil when there is none.
  private func run(_ path: ArraySlice<PathCharacter>, from first: Int) -> [Bool]? {
    var active = [Bool](repeating: false, count: elements.count + 1)
    var next = active
    active[first] = true
    skipOptional(&active)
    for character in path {
      var isAlive = false
      for index in first..<elements.count where active[index] {
        if step(elements[index], at: index, character, &next) { isAlive = true }
      }
      guard isAlive else { return nil }
      skipOptional(&next)
      swap(&active, &next)
      for index in next.indices { next[index] = false }
    }
    return active
  }

  /// Whether the element takes the character.
  private func step(_ element: Element, at index: Int, _ character: PathCharacter, _ next: inout [Bool]) -> Bool {
    let target: Int
    switch element {
    case .character(let own) where own == character: target = index + 1
    case .any where character != .slash: target = index + 1
    case .set(let set) where set.contains(character): target = index + 1
    case .text where character != .slash: target = index
    case .everything: target = index
    case .foldersRest:
      if character == .slash { next[index + 1] = true }
      target = index
    default: return false
    }
    next[target] = true
    return true
  }

  private func skipOptional(_ active: inout [Bool]) {
    for (index, element) in elements.enumerated() where active[index] {
      switch element {
      case .text, .everything: active[index + 1] = true
      case .folders:
        active[index + 1] = true
        active[index + 2] = true
      default: break
      }
    }
  }
}

/// A character of a path: a Unicode scalar, or a byte that is no UTF-8, so that any file name can be matched.
struct PathCharacter: Sendable, Hashable {
  let value: UInt32

  static let slash = PathCharacter(value: 0x2F)

  static func characters(of bytes: ArraySlice<UInt8>) -> [PathCharacter] {
    var characters: [PathCharacter] = []
    characters.reserveCapacity(bytes.count)
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let (scalar, length) = bytes.decodeScalar(at: position)
      characters.append(PathCharacter(value: scalar?.value ?? 0x11_0000 + UInt32(bytes[position])))
      position += length
    }
    return characters
  }

  static func characters(of text: String) -> [PathCharacter] {
    characters(of: Array(text.utf8)[...])
  }
}

/// `[abc]`, `[a-z]`, `[^a-z]`
struct PathCharacterSet: Sendable, Hashable {
  var ranges: [ClosedRange<UInt32>]
  var isNegated: Bool

  func contains(_ character: PathCharacter) -> Bool {
    ranges.contains { $0.contains(character.value) } != isNegated
  }
}

/// Reads the syntax of Go's `filepath.Match`.
struct PathPatternReader {
  private var rest: ArraySlice<PathCharacter>
  /// Whether `**` has a meaning of its own.
  private let hasDoubleStars: Bool

  init(_ text: String, hasDoubleStars: Bool) {
    self.rest = PathCharacter.characters(of: text)[...]
    self.hasDoubleStars = hasDoubleStars
  }

  /// What is wrong with a pattern, as the end of a sentence.
  struct Failure: Error {
    var reason: String

    var help: String {
      reason.contains("[")
        ? "for a bracket that is part of a name, write \\["
        : reason.contains("!")
          ? "write what is let in behind the !" : "for a backslash that is part of a name, write two"
    }
  }

  mutating func read() throws(Failure) -> PathPattern {
    var elements: [PathPattern.Element] = readSuffixStar()
    while let character = rest.popFirst() {
      switch character.scalar {
      case "*" where hasDoubleStars && rest.first?.scalar == "*": elements += readDoubleStar()
      case "*": elements.append(.text)
      case "?": elements.append(.any)
      case "[": elements.append(.set(try readSet()))
      case "\\":
        guard let next = rest.popFirst() else { throw Failure(reason: "nothing follows its last backslash") }
        elements.append(.character(next))
      default: elements.append(.character(character))
      }
    }
    return PathPattern(elements)
  }

  /// A `**` in front of a name without wildcards matches whatever ends like it, not whole components only.
  private mutating func readSuffixStar() -> [PathPattern.Element] {
    let name = rest.dropFirst(2)
    guard hasDoubleStars, rest.prefix(2).allSatisfy({ $0.scalar == "*" }), let first = name.first, first != .slash,
      !name.contains(where: { $0.scalar.map("*?[]\\".unicodeScalars.contains) ?? false })
    else { return [] }
    rest = name
    return [.everything]
  }

  /// `**` swallows the slash behind it.
  private mutating func readDoubleStar() -> [PathPattern.Element] {
    rest = rest.dropFirst()
    if rest.first == .slash { rest = rest.dropFirst() }
    return rest.isEmpty ? [.everything] : [.folders, .foldersRest]
  }

  private mutating func readSet() throws(Failure) -> PathCharacterSet {
    var set = PathCharacterSet(ranges: [], isNegated: false)
    if rest.first?.scalar == "^" {
      rest = rest.dropFirst()
      set.isNegated = true
    }
    while true {
      if !set.ranges.isEmpty, rest.first?.scalar == "]" {
        rest = rest.dropFirst()
        return set
      }
      let lower = try readSetCharacter()
      var upper = lower
      if rest.first?.scalar == "-" {
        rest = rest.dropFirst()
        upper = try readSetCharacter()
      }
      // A range that is upside down matches nothing, but it counts as a member.
      set.ranges.append(lower <= upper ? lower...upper : UInt32.max...UInt32.max)
    }
  }

  private mutating func readSetCharacter() throws(Failure) -> UInt32 {
    guard let character = rest.popFirst() else { throw Failure(reason: "a [ is not closed") }
    switch character.scalar {
    case "-": throw Failure(reason: "a - stands alone between [ and ]")
    case "]": throw Failure(reason: "there is nothing between [ and ]")
    case "\\":
      guard let next = rest.popFirst() else { throw Failure(reason: "a [ is not closed") }
      return next.value
    default: return character.value
    }
  }
}

extension PathCharacter {
  fileprivate var scalar: Unicode.Scalar? { Unicode.Scalar(value) }
}
