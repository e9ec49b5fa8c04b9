import Archive
import BuildPlanning
import Diagnostics

/// The files that a mount shows or begins with: found and hashed, but not unpacked or copied.
struct MountSource: Sendable {
  /// What they are a part of.
  enum Origin: Sendable {
    case stack(LayerStack, StackTree)
    /// Files that are in no layer, such as the context.
    case files(any FileTree)

    var tree: any FileTree {
      switch self {
      case .stack(_, let tree): tree
      case .files(let tree): tree
      }
    }
  }

  let origin: Origin
  /// The file or folder itself first, then what is inside.
  let match: SourceSelection.Match

  /// Blocks.
  /// - Parameter path: absolute, inside the origin; symbolic links are followed.
  /// - Throws: `BuilderError` with the codes `mount-source-missing` and `symbolic-link-loop`.
  init(_ path: String, in origin: Origin) throws {
    self.origin = origin
    match = try Self.match(path, in: origin.tree)
  }

  private static func match(_ written: String, in tree: some FileTree) throws -> SourceSelection.Match {
    let path = try tree.resolve(.clamped(written))
    guard try tree.entry(at: path) != nil else { throw missing(written, path, tree) }
    var walker = SourceWalker(tree: tree, excludes: nil)
    return SourceSelection.Match(path: .root, followed: path, nodes: try walker.nodes(from: path))
  }

  private static func missing(_ written: String, _ path: TreePath, _ tree: some FileTree) -> BuilderError {
    var help: [String] = []
    if let parent = path.parent, let names = try? tree.names(in: parent) {
      let candidates = names.map { String(decoding: $0, as: UTF8.self) }
      if let nearest = Suggestion.nearest(to: String(decoding: path.name, as: UTF8.self), in: candidates) {
        help.append("did you mean \(parent.appending(name: Array(nearest.utf8)) ?? parent)?")
      }
    }
    if tree is ContextTree { help.append("check the path, which is relative to the context, and .dockerignore") }
    return BuilderError("mount-source-missing", "\(written) is not in \(tree.name)", help: help)
  }

  var isDirectory: Bool { match.isDirectory }

  /// Feeds all that a command can see to a cache key, but no times, and not where it was found.
  func add(to key: inout CacheKey.Builder) { SourceSelection(match).add(to: &key) }
}

extension SourceSelection {
  init(_ match: Match) { matches = [match] }
}
