/// What `.dockerignore` keeps out of the context beyond doubt.
struct IgnoredSources: Sendable {
  private let matcher: DockerIgnoreMatcher
  /// Whether everything in the root is ignored by one rule.
  private let ignoresRoot: Bool
  /// The folders and files at and above what exceptions bring back.
  private var broughtBack: Set<String> = []
  /// Folders inside of which exceptions with wildcards may bring anything back.
  private var mayBringBack: Set<String> = []

  init(_ ignore: DockerIgnore) {
    matcher = DockerIgnoreMatcher(ignore)
    ignoresRoot = ignore.rules.contains { !$0.isException && ["*", "**", "**/*"].contains($0.pattern) }
    for rule in ignore.rules where rule.isException {
      let components = rule.pattern.split(separator: "/", omittingEmptySubsequences: false)
      let plain = components.prefix { !$0.contains { "*?[".contains($0) } }
      broughtBack.formUnion(Self.paths(above: plain.joined(separator: "/")))
      if plain.count < components.count { mayBringBack.insert(plain.joined(separator: "/")) }
    }
  }

  /// The rule that ignores a source, if nothing at it or below it may be brought back by an exception.
  func rule(thatIgnores path: String) -> DockerIgnore.Rule? {
    if path == "." {
      guard ignoresRoot, broughtBack.isEmpty, mayBringBack.isEmpty else { return nil }
    } else {
      guard !broughtBack.contains(path), Self.paths(above: path).isDisjoint(with: mayBringBack) else { return nil }
    }
    guard let rule = matcher.deciding(path), !rule.isException else { return nil }
    return rule
  }

  /// A path, the folders above it, and the root as the empty text.
  private static func paths(above path: String) -> Set<String> {
    var paths: Set<String> = ["", path]
    for slash in path.indices where path[slash] == "/" { paths.insert(String(path[..<slash])) }
    return paths
  }
}
