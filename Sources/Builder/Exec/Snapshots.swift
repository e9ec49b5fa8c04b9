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
    let parts = stack.layers.indices.map(stack.prefix(through:))
    let folders = parts.compactMap(\.chainID).map { store.snapshotPath(of: $0, ownership) }
    let missing = try Array(zip(parts, folders)).filter { try FileStatus.ifExists($1) == nil }
    try await missing.forEachSideBySide(limit: LayerIntake.limit) { try await unpack($0, as: $1, ownership) }
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
    try await store.exclusively("snapshot-\(target.lastComponent?.string ?? "")") {
      if try FileStatus.ifExists(target) != nil { return }
      try await progress.step("[internal] unpack layer \(layer.descriptor.digest.short)") { step in
        let work = try store.makeWorkFolder()
        defer { try? Files.removeTree(work) }
        let folder = work.appending("layer")
        try Files.createDirectories(folder)
        let mode = LayerExtractor.Mode.overlay(UserNamespace.current == .initial ? .trusted : .user)
        let unpacked = try await trees.intake.unpack(
          layer, with: LayerExtractor(into: folder, options: .init(mode: mode, ownership: ownership.extraction)))
        // Others may be unpacking the layers below just now; most layers hold all their folders, and need not wait.
        let below = LayerStack(unpacked.asksForLowerEntries ? Array(stack.layers.dropLast()) : [])
        let tree = try await trees.tree(of: below, .names, name: "the layers below")
        let result = try await Blocking.run {
          let result = try unpacked.finish { try tree.entry(at: $0) }
          try Files.createDirectories(target.removingLastComponent())
          _ = try Files.renameUnlessExists(folder, to: target)
          return result
        }
        for warning in result.warnings { step.log(warning.message) }
      }
    }
  }
}
