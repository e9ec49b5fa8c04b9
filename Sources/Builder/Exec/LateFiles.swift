import Archive
import HostOS
import SystemPackage

/// Files whose times a layer holds otherwise than the folder that it was made of. They get those of the layer, so that
/// the next command sees the same whether the folder was kept or the layer unpacked.
struct LateFiles {
  /// As the layer's writer has it; nil where times are what they are.
  let latestTime: Timestamp?
  private var times: [(path: TreePath, time: Timestamp)] = []

  init(latestTime: Timestamp?) { self.latestTime = latestTime }

  /// Takes note of what was found in the folder.
  mutating func add(_ entry: TreeEntry) {
    guard let latestTime, !entry.isWhiteout else { return }
    var time = min(entry.modificationTime, latestTime)
    time.nanoseconds = 0
    if time != entry.modificationTime { times.append((entry.path, time)) }
  }

  /// Blocks.
  /// - Throws: `HostError`.
  func settle(in folder: FilePath) throws {
    for (path, time) in times { try Files.setTime(folder.pushing(path.filePath), time) }
  }
}
