import Archive
import BuildPlanning
import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Carries out a file operation: COPY, ADD, WORKDIR. Nothing is mounted or unpacked for it.
struct FileStep: Sendable {
  let operation: FileOperation
  let base: LayerStack
  /// The trees that the operation's copies read, by vertex.
  let sources: [VertexID: any FileTree]
  let store: BuildStore
  let commit: LayerCommit
  let now: Timestamp

  /// What every action copies; nothing for those that copy nothing.
  typealias Selections = [SourceSelection?]

  /// Finds what is to be copied. Blocks.
  func select() throws -> Selections {
    try operation.actions.map { action in
      guard case .copy(let copy) = action else { return nil }
      switch copy.source {
      case .inline(let name, let content): return try SourceSelection(name: name, content: content)
      case .vertex(let id):
        guard let tree = sources[id] else {
          throw BuilderError("missing-source", "the source of \(copy.spelling) was not prepared", exitCode: .defect)
        }
        return try located(at: copy.place) { try SourceSelection(of: copy, in: tree) }
      }
    }
  }

  /// What determines the result: the tree below, the actions, and the content that is copied. No times but the latest
  /// one that a layer may hold.
  func key(_ selections: Selections) -> CacheKey {
    CacheKey("file-1") { key in
      key.add(base.chainID)
      key.add(commit)
      for (action, selection) in zip(operation.actions, selections) {
        switch action {
        case .makeDirectory(let path, let owner):
          key.add("makeDirectory")
          key.add(path)
          key.add(owner)
        case .copy(let copy):
          key.add("copy")
          key.add([copy.destination, "\(copy.unpacks)", "\(copy.keepsParents)"])
          key.add(copy.owner)
          key.add(copy.mode?.text)
          selection?.add(to: &key)
        }
      }
    }
  }

  /// Wildcards that nothing answers to, which is permitted but seldom meant.
  func patternsWithoutMatch(_ selections: Selections) -> [String] {
    zip(operation.actions, selections).compactMap { action, selection in
      guard case .copy(let copy) = action, let selection, selection.matches.isEmpty else { return nil }
      return copy.spelling
    }
  }

  /// Whether contents of the tree below are read: its users, where an owner is named, and files that archives link to.
  var readsBase: Bool {
    operation.actions.contains { action in
      switch action {
      case .makeDirectory(_, let owner): owner != nil
      case .copy(let copy): copy.owner != nil || copy.unpacks
      }
    }
  }

  /// Writes the layer. Blocks.
  func run(_ selections: Selections, on tree: StackTree) throws -> Layer {
    let folder = try store.makeWorkFolder()
    defer { try? Files.removeTree(folder) }
    let spool = try SpoolFile(in: folder)
    let users = readsBase ? try UserLookup(tree: tree, store: store, spool: spool) : .nobody
    var spoolEnd: Int64 = users.spoolEnd
    var layer = PendingLayer(on: tree, now: now)
    for (action, selection) in zip(operation.actions, selections) {
      switch action {
      case .makeDirectory(let path, let owner):
        guard let path = TreePath(path) else { continue }
        try layer.makeDirectories(try layer.resolve(path), owner: try owner.map(users.database.owner))
      case .copy(let copy):
        try located(at: copy.place) { try self.copy(copy, selection, users, spool, &spoolEnd, into: &layer) }
      }
    }
    var spooler = ContentSpooler(store: store, spool: spool, end: spoolEnd)
    return try commit.write(try spooler.resolve(layer.sortedItems))
  }

  /// Errors of one source point at it.
  private func located<Result>(at place: SourceAnnotation?, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as any DiagnosticError { throw BuilderError(error, at: place) }
  }

  private func copy(
    _ action: CopyAction, _ selection: SourceSelection?, _ users: UserLookup, _ spool: SpoolFile,
    _ spoolEnd: inout Int64, into layer: inout PendingLayer
  ) throws {
    guard var selection else { return }
    let owner = try action.owner.map(users.database.owner)
    let copier = FileCopier(action: action, owner: owner)
    guard case .vertex(let id) = action.source, let tree = sources[id] else {
      if case .inline(_, let content) = action.source {
        try copier.copy(selection, from: InlineTree(content: content), into: &layer)
      }
      return
    }
    if action.unpacks {
      var unpacking = ArchiveUnpacking(action: action, owner: owner, spool: spool)
      unpacking.end = spoolEnd
      defer { spoolEnd = unpacking.end }
      selection.matches = try selection.matches.filter { match in
        guard !match.isDirectory, case .file(let file) = try tree.content(at: match.followed) else { return true }
        return try !unpacking.unpack(file, into: &layer)
      }
    }
    try copier.copy(selection, from: tree, into: &layer)
  }
}

/// A here-document as a tree of one file.
private struct InlineTree: FileTree {
  let content: [UInt8]
  let name = "the here-document"

  func entry(at path: TreePath) throws -> TreeEntry? { nil }
  func names(in folder: TreePath) throws -> [[UInt8]] { [] }
  func content(at path: TreePath) throws -> ContentReference { .bytes(content) }
  func contentSHA256(at path: TreePath) throws -> [UInt8] { SHA256Hasher.digest(of: content) }
}
