/// Tells which files of a context are ignored; the last rule that matches a path or a folder above it wins.
///
/// A walker passes each folder's `Inheritance` on to what is inside, so that no rule is tried twice on one path:
///
///     let (isIgnored, below) = matcher.match("src/tests", in: parent)
///     if isIgnored, !matcher.mayHaveExceptions(below: "src/tests") { continue }
///
/// The semantics are those of `MatchesUsingParentResults` in moby/patternmatcher.
public struct DockerIgnoreMatcher: Sendable {
  /// Which rules match a folder, and so everything inside of it.
  public struct Inheritance: Sendable, Hashable {
    fileprivate var matched: [Bool]
  }

  private let rules: [DockerIgnore.Rule]

  public init(_ ignore: DockerIgnore) {
    self.rules = ignore.rules
  }

  /// What the root of the context passes on.
  public var root: Inheritance {
    Inheritance(matched: Array(repeating: false, count: rules.count))
  }

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
    for (index, rule) in rules.enumerated() {
      let isInherited = index < parent.matched.count && parent.matched[index]
      // A rule that could not change the outcome is not tried.
      guard isInherited || (rule.isException == isIgnored && rule.matcher.matches(path)) else { continue }
      inheritance.matched[index] = true
      isIgnored = !rule.isException
    }
    return (isIgnored, inheritance)
  }

  /// Whether a path relative to the root is ignored, for itself or because a folder above it is.
  public func match(_ path: String) -> Bool {
    let characters = PathCharacter.characters(of: path)
    var ends = characters.indices.filter { characters[$0] == .slash }
    ends.append(characters.count)
    var isIgnored = false
    for rule in rules where rule.isException == isIgnored {
      if ends.contains(where: { rule.matcher.matches(Array(characters[..<$0])) }) { isIgnored = !rule.isException }
    }
    return isIgnored
  }

  /// Whether an exception may bring back something inside of an ignored folder; if not, it need not be looked into.
  public func mayHaveExceptions(below folder: String) -> Bool {
    let start = PathCharacter.characters(of: folder + "/")
    return rules.contains { $0.isException && $0.matcher.mayMatch(beginningWith: start) }
  }
}
