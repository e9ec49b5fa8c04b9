import HostOS

/// Folders whose attributes are set when all else is there.
struct PendingFolders {
  struct Pending {
    var entry: TreeEntry
    var isOpaque = false
    /// The layer has no entry for it.
    var isImplied = false
    /// When it was made, in steps of this value.
    var step: Int
    var path: TreePath { entry.path }
  }

  private var pending: [TreePath: Pending] = [:]
  /// Paths at which something was removed, with the step after which what is there is new.
  private var removed: [TreePath: Int] = [:]
  private var step = 0

  mutating func set(_ entry: TreeEntry, isImplied: Bool = false) {
    step += 1
    let isOpaque = isCurrent(pending[entry.path]) && pending[entry.path]?.isOpaque == true
    pending[entry.path] = Pending(entry: entry, isOpaque: isOpaque, isImplied: isImplied, step: step)
  }

  /// Whether any of them is implied.
  var hasImplied: Bool { pending.values.contains { $0.isImplied && isCurrent($0) } }

  /// For a folder that is, or will be, set.
  mutating func setOpaque(_ path: TreePath) {
    step += 1
    if isCurrent(pending[path]) {
      pending[path]?.isOpaque = true
    } else {
      let entry = TreeEntry(path: path, kind: .directory, mode: 0o755, modificationTime: .init(seconds: 0))
      pending[path] = Pending(entry: entry, isOpaque: true, step: step)
    }
  }

  /// What was at `path` and below is gone. Constant time, since a hostile layer may do it at every entry.
  mutating func forget(_ path: TreePath) {
    step += 1
    removed[path] = step
  }

  /// Those that are still there, children before their parents, whose mode may lock us out.
  func deepestFirst() -> [Pending] {
    pending.values.filter(isCurrent).sorted { $0.path > $1.path }
  }

  private func isCurrent(_ folder: Pending?) -> Bool {
    guard let folder else { return false }
    if removed.isEmpty { return true }
    return (folder.path.ancestors + [folder.path]).allSatisfy { removed[$0].map { $0 < folder.step } ?? true }
  }
}
