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
  var sources: [VertexID: any FileTree]
  let store: BuildStore
  let commit: LayerCommit
  let now: Timestamp

  /// What every action copies; nothing for those that copy nothing.
  typealias Selections = [SourceSelection?]

  /// Finds what is to be copied. Blocks.
  func select() throws -> Selections {
    try operation.actions.map { action in
      if case .copy(let copy) = action { try select(copy) } else { nil }
    }
  }

  /// The same for one of them.
  func select(_ copy: CopyAction) throws -> SourceSelection {
    switch copy.source {
    case .inline(let name, let content):
      return try SourceSelection(name: name, content: content, modificationTime: now)
    case .vertex(let id):
      guard let tree = sources[id] else {
        throw BuilderError("missing-source", "the source of \(copy.spelling) was not prepared", exitCode: .defect)
      }
      return try located(at: copy.place) { try SourceSelection(of: copy, in: tree) }
    }
  }

  /// What determines the result: the tree below, the actions, and the content that is copied. No times but the latest
  /// one that a layer may hold.
  func key(_ selections: Selections) -> CacheKey {
    CacheKey("file-2") { key in
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

  /// Whether it is looked up whom files belong to, in the contents of layers below.
  var namesOwners: Bool {
    operation.actions.contains { action in
      switch action {
      case .makeDirectory(_, let owner): owner != nil
      case .copy(let copy): copy.owner != nil
      }
    }
  }

  /// Writes the layer. Of the layers below, and of those that are copied from, the ones are fetched whose contents are
  /// needed.
  /// - Parameter warn: gets what people should know of the result.
  func run(
    _ selections: Selections, on tree: StackTree, _ fetcher: LayerFetcher, warn: @escaping @Sendable (String) -> Void
  ) async throws -> Layer {
    if namesOwners { try await fetch(try UserLookup.contents(in: tree), fetcher) }
    let content = try await Blocking.run { try assemble(selections, tree, warn) }
    try await fetch(content.items.compactMap(\.wantedContent), fetcher)
    return try await Blocking.run {
      var spooler = ContentSpooler(store: store, spool: content.spool, end: content.end)
      return try commit.write(try spooler.resolve(content.items))
    }
  }

  private func fetch(_ contents: [ContentReference], _ fetcher: LayerFetcher) async throws {
    try await fetcher.fetch(LayerStack(ContentSpooler.layers(of: contents, in: store)))
  }

  /// What a layer will hold, before what lies in other layers is read.
  private struct Content: Sendable {
    var items: [PendingLayer.Item]
    var spool: SpoolFile
    /// Where the spool file ends.
    var end: Int64
  }

  private func assemble(_ selections: Selections, _ tree: StackTree, _ warn: (String) -> Void) throws -> Content {
    let folder = try store.makeWorkFolder()
    // The spool file has no name.
    defer { try? Files.removeTree(folder) }
    let spool = try SpoolFile(in: folder)
    let users = namesOwners ? try UserLookup(tree: tree, store: store, spool: spool) : .nobody
    var end: Int64 = users.spoolEnd
    var layer = PendingLayer(on: tree, now: now)
    for (action, selection) in zip(operation.actions, selections) {
      switch action {
      case .makeDirectory(let path, let owner):
        guard let path = TreePath(path) else { continue }
        try layer.makeDirectories(try layer.resolve(path), owner: try owner.map { try self.owner($0, users, warn) })
      case .copy(let copy):
        try located(at: copy.place) {
          let owner = try copy.owner.map { try self.owner($0, users, warn) }
          try self.copy(copy, selection, owner, spool, &end, into: &layer)
        }
      }
    }
    return Content(items: layer.sortedItems, spool: spool, end: end)
  }

  private func owner(_ text: String, _ users: UserLookup, _ warn: (String) -> Void) throws -> FileOwner {
    var unknown: [String] = []
    let owner = users.database.owner(text) { unknown.append($0) }
    if operation.base == nil, let name = unknown.first(where: { !$0.contains("\"root\"") }) {
      throw BuilderError(
        "unknown-owner", "there is no /etc/passwd or /etc/group to look for the \(name) in",
        help: ["use a number, or copy the two files in an instruction before"])
    }
    for name in unknown { warn("the image has no \(name), so \(text) does not say whom the files belong to") }
    return owner
  }

  /// Errors of one source point at it.
  private func located<Result>(at place: SourceAnnotation?, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as any DiagnosticError { throw BuilderError(error, at: place) }
  }

  private func copy(
    _ action: CopyAction, _ selection: SourceSelection?, _ owner: FileOwner?, _ spool: SpoolFile,
    _ spoolEnd: inout Int64, into layer: inout PendingLayer
  ) throws {
    guard let selection else { return }
    let copier = FileCopier(action: action, owner: owner)
    guard case .vertex(let id) = action.source, let tree = sources[id] else {
      if case .inline(_, let content) = action.source {
        try copier.copy(selection, from: InlineTree(content: content), into: &layer)
      }
      return
    }
    var unpacking = ArchiveUnpacking(action: action, owner: owner, spool: spool, end: spoolEnd)
    defer { spoolEnd = unpacking.end }
    for match in selection.matches {
      if action.unpacks, !match.isDirectory, let file = try tree.content(at: match.followed).hostFile,
        try unpacking.unpack(file, into: &layer)
      {
        continue
      }
      try copier.copy(match, from: tree, into: &layer)
    }
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
