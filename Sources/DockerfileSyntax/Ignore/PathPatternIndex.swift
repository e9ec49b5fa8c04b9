/// Finds the patterns that a path may match by the text that stands in front of their first wildcards or behind their
/// last ones, whichever is longer.
struct PathPatternIndex: Sendable {
  private typealias Text = ArraySlice<PathCharacter>

  private let patterns: [Int: PathPattern]
  /// Patterns without wildcards.
  private var literals: [Text: [Int]] = [:]
  private var byPrefix: [Text: [Int]] = [:]
  private var bySuffix: [Text: [Int]] = [:]
  /// Patterns that begin and end with a wildcard.
  private var others: [Int] = []
  private var prefixLengths: [Int] = []
  private var suffixLengths: [Int] = []
  /// Patterns with wildcards by what stands in front of them, which may be nothing.
  private var startsOfWildcards: [Text: [Int]] = [:]
  private var startLengths: [Int] = []
  /// The folders above what stands in front of the first wildcard, each with the slash behind it.
  private var folders: Set<Text> = []

  init(_ patterns: [(number: Int, pattern: PathPattern)]) {
    self.patterns = Dictionary(patterns.map { ($0.number, $0.pattern) }, uniquingKeysWith: { first, _ in first })
    for (number, pattern) in patterns { add(number, pattern) }
    prefixLengths = Set(byPrefix.keys.map(\.count)).sorted()
    suffixLengths = Set(bySuffix.keys.map(\.count)).sorted()
    startLengths = Set(startsOfWildcards.keys.map(\.count)).sorted()
  }

  private mutating func add(_ number: Int, _ pattern: PathPattern) {
    let prefix = pattern.prefix[...]
    for slash in prefix.indices where prefix[slash] == .slash { folders.insert(prefix[...slash]) }
    guard !pattern.isLiteral else {
      literals[prefix, default: []].append(number)
      return
    }
    startsOfWildcards[prefix, default: []].append(number)
    let suffix = pattern.suffix[...]
    if prefix.isEmpty, suffix.isEmpty {
      others.append(number)
    } else if suffix.count > prefix.count {
      bySuffix[suffix, default: []].append(number)
    } else {
      byPrefix[prefix, default: []].append(number)
    }
  }

  /// The numbers of the patterns that may match a path, in their order.
  func candidates(for path: ArraySlice<PathCharacter>) -> [Int] {
    var found = others
    if let numbers = literals[path] { found += numbers }
    for length in prefixLengths.prefix(while: { $0 <= path.count }) {
      if let numbers = byPrefix[path.prefix(length)] { found += numbers }
    }
    for length in suffixLengths.prefix(while: { $0 <= path.count }) {
      if let numbers = bySuffix[path.suffix(length)] { found += numbers }
    }
    return found.sorted()
  }

  /// Whether a pattern matches some path that begins with the name of a folder and a slash.
  func mayMatch(beginningWith start: [PathCharacter]) -> Bool {
    if folders.contains(start[...]) { return true }
    return startLengths.prefix { $0 <= start.count }.contains { length in
      startsOfWildcards[start.prefix(length)]?.contains { patterns[$0]?.mayMatch(beginningWith: start) == true }
        ?? false
    }
  }
}
