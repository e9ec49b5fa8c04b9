import Diagnostics
import Archive
import BuildPlanning
import HostOS

/// Puts what a COPY or ADD selected into a pending layer, by BuildKit's rules for what goes where and what replaces
/// what.
struct FileCopier {
  let action: CopyAction
  /// Nil keeps the owners of the source.
  let owner: FileOwner?

  /// - Parameter tree: what the selection was made in; content is read from it later.
  func copy(_ selection: SourceSelection, from tree: some FileTree, into layer: inout PendingLayer) throws {
    for match in selection.matches { try copy(match, from: tree, into: &layer) }
  }

  func copy(_ match: SourceSelection.Match, from tree: some FileTree, into layer: inout PendingLayer) throws {
    let target = try target(of: match, in: &layer)
    var linkGroups: [FileIdentity: Int] = [:]
    for node in match.nodes {
      let path = target.appending(node.relative)
      if node.entry.isDirectory {
        try putDirectory(node, at: path, isTop: node.relative.isRoot, into: &layer)
      } else {
        let group = node.identity.map { linkGroups[$0] ?? layer.makeLinkGroup() }
        if let identity = node.identity { linkGroups[identity] = group }
        try putFile(node, at: path, content: try tree.content(at: node.entry.path), linkGroup: group, into: &layer)
      }
    }
  }

  // MARK: Where

  /// The place of a match: below the destination when that is a folder and the match is not, else the destination
  /// itself. Parents are made, symbolic links in the destination are followed.
  private func target(of match: SourceSelection.Match, in layer: inout PendingLayer) throws -> TreePath {
    guard let written = TreePath(action.destination) else {
      throw BuilderError("invalid-destination", "\(action.destination) is no path inside the image")
    }
    if action.destination.hasSuffix("/") { try makeDirectories(try layer.resolve(written), in: &layer) }
    let destination = try layer.resolve(written)
    if match.isDirectory {
      try makeDirectories(destination, in: &layer)
      return destination
    }
    if let existing = try layer.entry(at: destination), existing.isDirectory {
      return destination.appending(name: match.path.name) ?? destination
    }
    if destination.isRoot { return destination.appending(name: match.path.name) ?? destination }
    if let parent = destination.parent { try makeDirectories(parent, in: &layer) }
    return destination
  }

  /// What is made on the way gets the mode of an octal `--chmod`, less what the umask of BuildKit takes away, and not
  /// that of a symbolic one.
  private func makeDirectories(_ path: TreePath, in layer: inout PendingLayer) throws {
    try layer.makeDirectories(path, owner: owner, mode: (action.mode?.absolute ?? 0o777) & 0o755)
  }

  // MARK: What

  private func putDirectory(
    _ node: SourceSelection.Node, at path: TreePath, isTop: Bool, into layer: inout PendingLayer
  ) throws {
    let existing = try layer.entry(at: path)
    if let existing, !existing.isDirectory {
      throw BuilderError(
        "not-a-directory", "cannot copy the folder \(node.entry.path) to \(path): there is a file of that name",
        help: ["choose another destination, or remove \(path) in a RUN before"])
    }
    // The folder that is the destination keeps its attributes, and so does one that is only on the way.
    if isTop || (existing != nil && !node.isWanted) { return }
    try layer.put(.init(entry: attributes(of: node.entry, at: path), content: .bytes([])))
  }

  private func putFile(
    _ node: SourceSelection.Node, at path: TreePath, content: ContentReference, linkGroup: Int?,
    into layer: inout PendingLayer
  ) throws {
    if let existing = try layer.entry(at: path), existing.isDirectory {
      throw BuilderError(
        "is-a-directory", "cannot copy \(node.entry.path) to \(path): there is a folder of that name",
        help: ["choose another destination, or remove \(path) in a RUN before"])
    }
    let digest = node.entry.isFile ? node.contentSHA256 : nil
    try layer.put(
      .init(entry: attributes(of: node.entry, at: path), content: content, expectedSHA256: digest, linkGroup: linkGroup)
    )
  }

  private func attributes(of entry: TreeEntry, at path: TreePath) -> TreeEntry {
    var copy = entry
    copy.path = path
    if let owner {
      copy.uid = owner.uid
      copy.gid = owner.gid
    }
    if let mode = action.mode, !isLink(entry) {
      copy.mode = mode.apply(to: entry.mode, isDirectory: entry.isDirectory)
    }
    return copy
  }

  private func isLink(_ entry: TreeEntry) -> Bool {
    if case .symbolicLink = entry.kind { true } else { false }
  }
}
