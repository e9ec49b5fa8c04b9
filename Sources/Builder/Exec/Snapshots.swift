import Archive
import Diagnostics
import HostOS
import OCI
import Sandbox
import SystemPackage

/// Unpacked layers, for commands alone: each is unpacked once and shared by all builds.
struct Snapshots: Sendable {
  let store: BuildStore
  let trees: LayerTrees
  let fetcher: LayerFetcher
  let progress: ProgressReporter

  /// The folders of a stack's layers, the lowest first, unpacking what is missing.
  func materialise(_ stack: LayerStack) async throws -> [FilePath] {
    let ownership = try await Blocking.run { try store.ownership() }
    var folders: [FilePath] = []
    for index in stack.layers.indices {
      let part = stack.prefix(through: index)
      guard let chain = part.chainID else { continue }
      let folder = store.snapshotPath(of: chain, ownership)
      if try FileStatus.ifExists(folder) == nil { try await unpack(part, as: folder, ownership) }
      folders.append(folder)
    }
    // The topmost first, so that those that others lie on go last.
    for folder in folders.reversed() { store.markUsed(snapshot: folder) }
    return folders
  }

  /// Keeps what a command wrote as the snapshot of the stack that it made.
  func adopt(_ upper: FilePath, as stack: LayerStack) throws {
    guard let chain = stack.chainID else { return }
    let folder = store.snapshotPath(of: chain, try store.ownership())
    try Files.createDirectories(folder.removingLastComponent())
    _ = try Files.renameUnlessExists(upper, to: folder)
    store.markUsed(snapshot: folder)
  }

  private func unpack(_ stack: LayerStack, as target: FilePath, _ ownership: FileOwnership) async throws {
    guard let layer = stack.layers.last else { return }
    try await fetcher.fetch(layer)
    let below = try await trees.tree(of: LayerStack(stack.layers.dropLast()), name: "the layers below")
    try await store.exclusively("snapshot-\(target.lastComponent?.string ?? "")") {
      if try FileStatus.ifExists(target) != nil { return }
      try await progress.step("[internal] unpack layer \(layer.descriptor.digest.short)") { step in
        let warnings = try await Blocking.run { try extract(layer, as: target, ownership, over: below) }
        for warning in warnings { step.log(warning.message) }
      }
    }
  }

  private func extract(
    _ layer: Layer, as target: FilePath, _ ownership: FileOwnership, over below: StackTree
  ) throws -> [Diagnostic] {
    let work = try store.makeWorkFolder()
    defer { try? Files.removeTree(work) }
    let folder = work.appending("layer")
    try Files.createDirectories(folder)
    let isInitial = UserNamespace.current == .initial
    let extractor = LayerExtractor(
      into: folder,
      options: .init(
        mode: .overlay(isInitial ? .trusted : .user),
        ownership: ownership.extraction,
        reading: .init(expectation: layer.expectation), lowerEntry: { try below.entry(at: $0) }))
    let path = store.content.path(of: layer.descriptor.digest)
    let result = try Files.withDescriptor(path, .readOnly) { descriptor in
      try extractor.extract(FileByteSource(descriptor, path: path))
    }
    try Files.createDirectories(target.removingLastComponent())
    _ = try Files.renameUnlessExists(folder, to: target)
    return result.warnings
  }
}
