import HostOS
import Archive
import BuildPlanning
import Diagnostics
import DockerfileSyntax

/// What one source of COPY or ADD stands for: files and folders of a tree, found before anything is copied.
struct SourceSelection: Sendable {
  /// Something that is to be copied: a match of the source's pattern, with all that is inside.
  struct Match: Sendable {
    /// As the source names it, before symbolic links are followed; its name is the one that is kept.
    var path: TreePath
    /// `path` with symbolic links followed.
    var followed: TreePath
    /// The match itself first, then what is inside, each folder before what it holds.
    var nodes: [Node]

    var isDirectory: Bool { nodes.first?.entry.isDirectory ?? false }
  }

  struct Node: Sendable {
    /// Relative to the match; the root for the match itself.
    var relative: TreePath
    /// With its path in the source tree.
    var entry: TreeEntry
    /// SHA-256 of a file's content; empty for all that is no file.
    var contentSHA256: [UInt8]
    /// Of a file with several names. Those that are copied together stay names of one file.
    var identity: FileIdentity?
    /// Whether the folder is there for what is inside only, which decides whether its attributes are taken over.
    var isWanted = true
  }

  var matches: [Match]

  /// - Throws: `BuilderError` with the codes `copy-source-missing` and `symbolic-link-loop`.
  init(of action: CopyAction, in tree: some FileTree) throws {
    if action.keepsParents {
      matches = [try Self.matchWithParents(of: action, in: tree)]
      return
    }
    let excludes = action.excludes.isEmpty ? nil : DockerIgnoreMatcher(try DockerIgnore(patterns: action.excludes))
    let paths = try Self.paths(matching: action, in: tree)
    var walker = SourceWalker(tree: tree, excludes: excludes)
    matches = try paths.map { path in
      let followed = try tree.resolve(path)
      let nodes = try walker.nodes(from: followed)
      // A link that matched a wildcard may lead to nothing.
      guard !nodes.isEmpty else { throw Self.missing(action, path, tree) }
      return Match(path: path, followed: followed, nodes: nodes)
    }
  }

  /// A here-document, which is a file of the name and content.
  init(name: String, content: [UInt8], modificationTime: Timestamp) throws {
    guard let path = TreePath(name) else {
      throw BuilderError("invalid-file-name", "\"\(name)\" cannot be a file's name")
    }
    let entry = TreeEntry(
      path: path, kind: .file(size: Int64(content.count)), mode: 0o644, modificationTime: modificationTime)
    matches = [
      Match(
        path: path, followed: path,
        nodes: [Node(relative: .root, entry: entry, contentSHA256: SHA256Hasher.digest(of: content))])
    ]
  }

  /// Feeds all that determines the copy, but no times, to a cache key.
  func add(to key: inout CacheKey.Builder) {
    for match in matches {
      key.add("match")
      key.add(match.path.name)
      var linked: [FileIdentity: Int] = [:]
      for (position, node) in match.nodes.enumerated() {
        key.add(node.relative.bytes)
        key.add("\(node.entry.kind.keyText) \(node.entry.mode) \(node.entry.uid) \(node.entry.gid) \(node.isWanted)")
        for attribute in node.entry.extendedAttributes {
          key.add(attribute.name)
          key.add(attribute.value)
        }
        key.add(node.contentSHA256)
        guard let identity = node.identity else { continue }
        key.add("link \(linked[identity, default: position])")
        linked[identity] = linked[identity] ?? position
      }
    }
  }

  // MARK: Patterns

  /// A wildcard may match nothing, as in BuildKit, so that `COPY package.json lock* ./` copies what there is; but the
  /// folder that it looks into has to be there.
  private static func paths(matching action: CopyAction, in tree: some FileTree) throws -> [TreePath] {
    // A path that climbs out of the source ends at its root, as in BuildKit.
    let literal = TreePath.clamped(GlobPattern.unescaped(action.pattern))
    if GlobPattern.hasWildcards(action.pattern) {
      let wildcard = try SourceWildcard(action.pattern)
      let folder = try tree.resolve(wildcard.folder)
      guard try tree.entry(at: folder)?.isDirectory == true else { throw missing(action, wildcard.folder, tree) }
      let paths = try wildcard.paths(in: tree)
      if paths.isEmpty, !folder.isRoot, try (tree as? ContextTree)?.isRequested(folder) == false {
        throw missing(action, nil, tree)
      }
      return paths
    }
    let resolved = try tree.resolve(literal)
    guard try tree.entry(at: resolved) != nil else { throw missing(action, literal, tree) }
    return [literal]
  }

  /// `--parents`: the folder before the pivot `/./`, or the root, without all that the pattern after it does not match.
  /// The pattern is one of .dockerignore, so `**` stands for any number of folders.
  private static func matchWithParents(of action: CopyAction, in tree: some FileTree) throws -> Match {
    let (folder, pattern) = parts(of: action.pattern)
    let root = try tree.resolve(TreePath.clamped(GlobPattern.unescaped(folder)))
    let wanted = pattern.isEmpty ? [] : ["**", "!\(pattern)"]
    let excludes = DockerIgnoreMatcher(try DockerIgnore(patterns: wanted + action.excludes))
    var walker = SourceWalker(tree: tree, excludes: excludes)
    let nodes = try walker.nodes(from: root)
    let isMissing = nodes.isEmpty || (nodes.count == 1 && !pattern.isEmpty && !GlobPattern.hasWildcards(pattern))
    if isMissing { throw missing(action, nil, tree) }
    return Match(path: root, followed: root, nodes: nodes)
  }

  private static func parts(of pattern: String) -> (folder: String, pattern: String) {
    let components = pattern.split(separator: "/")
    // A dot at the very start is no pivot.
    guard let pivot = components.indices.dropFirst().first(where: { components[$0] == "." }) else {
      return ("/", components.filter { $0 != "." }.joined(separator: "/"))
    }
    let rest = components[(pivot + 1)...].filter { $0 != "." }
    return (components[..<pivot].joined(separator: "/"), rest.joined(separator: "/"))
  }

  private static func missing(_ action: CopyAction, _ path: TreePath?, _ tree: some FileTree) -> BuilderError {
    var help: [String] = []
    if let path, let parent = path.parent, let resolved = try? tree.resolve(parent),
      let names = try? tree.names(in: resolved)
    {
      let candidates = names.map { String(decoding: $0, as: UTF8.self) }
      if let nearest = Suggestion.nearest(to: String(decoding: path.name, as: UTF8.self), in: candidates) {
        help.append("did you mean \(parent.appending(name: Array(nearest.utf8))?.text ?? nearest)?")
      }
    }
    if tree is ContextTree { help.append("check the path, which is relative to the context, and .dockerignore") }
    let what =
      path == nil ? "nothing in \(tree.name) matches \(action.spelling)" : "\(action.spelling) is not in \(tree.name)"
    return BuilderError("copy-source-missing", what, help: help)
  }
}

/// Walks below a match in sorted order, passing over what `--exclude` names.
struct SourceWalker<Tree: FileTree> {
  let tree: Tree
  let excludes: DockerIgnoreMatcher?

  mutating func nodes(from path: TreePath) throws -> [SourceSelection.Node] {
    var nodes: [SourceSelection.Node] = []
    guard let entry = try tree.entry(at: path) else { return [] }
    let identity = entry.isFile ? try tree.identity(at: path) : nil
    try visit(FileTreeChild(entry: entry, identity: identity), relative: .root, into: &nodes)
    try digest(&nodes)
    return nodes
  }

  /// Reads, all together, what is not known yet.
  private func digest(_ nodes: inout [SourceSelection.Node]) throws {
    let unknown = nodes.indices.filter { nodes[$0].entry.isFile && nodes[$0].contentSHA256.isEmpty }
    if unknown.isEmpty { return }
    let digests = try tree.contentSHA256s(at: unknown.map { nodes[$0].entry.path })
    for (position, digest) in zip(unknown, digests) { nodes[position].contentSHA256 = digest }
  }

  private func visit(
    _ child: FileTreeChild, relative: TreePath, into nodes: inout [SourceSelection.Node]
  ) throws {
    let entry = child.entry
    let isExcluded = !relative.isRoot && (excludes?.match(relative.text) ?? false)
    if isExcluded, !(entry.isDirectory && excludes?.mayHaveExceptions(below: relative.text) ?? false) { return }
    let position = nodes.count
    nodes.append(
      SourceSelection.Node(
        relative: relative, entry: entry, contentSHA256: child.contentSHA256 ?? [], identity: child.identity,
        isWanted: !isExcluded))
    guard entry.isDirectory else { return }
    for child in try tree.children(of: entry.path) {
      guard let childRelative = relative.appending(name: child.entry.path.name) else { continue }
      try visit(child, relative: childRelative, into: &nodes)
    }
    // A folder that was excluded comes back only together with something in it.
    if isExcluded, nodes.count == position + 1 { nodes.removeLast() }
  }
}

extension TreeEntry.Kind {
  /// What stands for it in a cache key: as Swift describes it, which takes long for the most frequent ones.
  fileprivate var keyText: String {
    switch self {
    case .file(let size): "file(size: \(size))"
    case .directory: "directory"
    default: "\(self)"
    }
  }
}
