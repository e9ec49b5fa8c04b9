/// Tells which files of a context are ignored; the last rule that matches a path or a folder above it wins.
///
/// A walker passes each folder's `Inheritance` on to what is inside, so that no rule is tried twice on one path:
///
///     let (isIgnored, below) = matcher.match("src/tests", in: parent)
///     if isIgnored, !matcher.mayHaveExceptions(below: "src/tests") { continue }
///
/// The semantics are those of `MatchesUsingParentResults` in moby/patternmatcher. An index finds the few rules that a
/// path may match, so that long files cost no more than short ones.
public struct DockerIgnoreMatcher: Sendable {
  /// Which rules match a folder, and so everything inside of it.
  public struct Inheritance: Sendable, Hashable {
    /// The indices of the rules, in their order.
    fileprivate var matched: [Int]
  }

  private let rules: [DockerIgnore.Rule]
  private let index: PathPatternIndex
  private let exceptions: PathPatternIndex

  public init(_ ignore: DockerIgnore) {
    self.rules = ignore.rules
    self.index = PathPatternIndex(rules.enumerated().map { ($0.offset, $0.element.matcher) })
    self.exceptions = PathPatternIndex(
      rules.enumerated().filter { $0.element.isException }.map { ($0.offset, $0.element.matcher) })
  }

  /// What the root of the context passes on.
  public var root: Inheritance { Inheritance(matched: []) }

  /// Whether a path relative to the root is ignored, and what it passes on if it is a folder. The parent's
  /// inheritance must come from this matcher.
  public func match(_ path: String, in parent: Inheritance) -> (isIgnored: Bool, inheritance: Inheritance) {
    match(PathCharacter.characters(of: path), in: parent)
  }

  /// The same for a path as the file system has it.
  public func match(
    _ path: some Collection<UInt8>, in parent: Inheritance
  ) -> (isIgnored: Bool, inheritance: Inheritance) {
    match(PathCharacter.characters(of: ArraySlice(path)), in: parent)
  }

  private func match(_ path: [PathCharacter], in parent: Inheritance) -> (isIgnored: Bool, inheritance: Inheritance) {
    var isIgnored = false
    var inheritance = root
    var inherited = parent.matched[...]
    var candidates = index.candidates(for: path[...])[...]
    while let rule = [inherited.first, candidates.first].compactMap({ $0 }).min() {
      let isInherited = inherited.first == rule
      if isInherited { inherited.removeFirst() }
      if candidates.first == rule { candidates.removeFirst() }
      // A rule that could not change the outcome is not tried.
      guard isInherited || (rules[rule].isException == isIgnored && rules[rule].matcher.matches(path)) else { continue }
      inheritance.matched.append(rule)
      isIgnored = !rules[rule].isException
    }
    return (isIgnored, inheritance)
  }

  /// Whether a path relative to the root is ignored, for itself or because a folder above it is.
  public func match(_ path: String) -> Bool { deciding(path)?.isException == false }

  /// The rule that decides on a path, for itself or by a folder above it; nil when none speaks of it.
  func deciding(_ path: String) -> DockerIgnore.Rule? {
    let characters = PathCharacter.characters(of: path)
    let ends = characters.indices.filter { characters[$0] == .slash } + [characters.count]
    var parts: [Int: [ArraySlice<PathCharacter>]] = [:]
    for part in ends.map({ characters[..<$0] }) {
      for rule in index.candidates(for: part) { parts[rule, default: []].append(part) }
    }
    var deciding: DockerIgnore.Rule?
    for (index, parts) in parts.sorted(by: { $0.key < $1.key }) {
      let rule = rules[index]
      guard rule.isException != (deciding?.isException ?? true) else { continue }
      if parts.contains(where: { rule.matcher.matches(Array($0)) }) { deciding = rule }
    }
    return deciding
  }

  /// Whether an exception may bring back something inside of an ignored folder; if not, it need not be looked into.
  public func mayHaveExceptions(below folder: String) -> Bool {
    exceptions.mayMatch(beginningWith: PathCharacter.characters(of: folder + "/"))
  }
}
