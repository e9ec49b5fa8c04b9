import Archive
import HostOS
import OCI
import Sandbox
import SystemPackage

/// The archive that holds what a cache's folder held at one time, told by stat(2): while nothing has changed, the
/// folder need not be read to be archived.
struct FolderRecord: Codable, Sendable {
  static let suffix = ".record"

  private let descriptor: Descriptor
  private let diffID: Digest
  /// SHA-256 of all that stat(2) says, in hexadecimal digits.
  private let state: String

  /// Records a folder that nobody writes to. Blocks, for a few milliseconds more when something in it has only just
  /// changed.
  /// - Throws: `HostError`.
  init(of folder: FilePath, as layer: Layer) throws {
    descriptor = layer.descriptor
    diffID = layer.diffID
    state = try Self.state(of: folder)
  }

  /// The layer that a folder was archived as, if it is as it was then.
  /// - Throws: `HostError` when the folder cannot be read.
  static func layer(of folder: FilePath) throws -> Layer? {
    // A record that cannot be read is as good as none.
    guard let bytes = try? Files.read(path(beside: folder)),
      let record = try? JSONDocument.decode(FolderRecord.self, from: bytes, called: "record of a folder"),
      try record.state == state(of: folder)
    else { return nil }
    return Layer(descriptor: record.descriptor, diffID: record.diffID)
  }

  /// - Throws: `HostError`.
  func write(beside folder: FilePath) throws {
    try Files.writeAtomically(JSONDocument.encode(self), to: Self.path(beside: folder), isDurable: false)
  }

  private static func path(beside folder: FilePath) -> FilePath {
    folder.removingLastComponent().appending((folder.lastComponent?.string ?? "") + suffix)
  }

  /// Any change of a file moves its change time, which no program can set. That of the folder itself does not count,
  /// because giving the folder its name is such a change.
  private static func state(of folder: FilePath) throws -> String {
    var latest = Timestamp(seconds: 0)
    let root = try FileStatus(of: folder)
    let attributes = try ExtendedAttributes.all(of: folder)
    var scanner = DirectoryScanner(root: folder)
    scanner.readsExtendedAttributes = false
    let state = try CacheKey("folder-1") { key in
      key.add("\(root.mode) \(root.uid) \(root.gid) \(root.modificationTime.rfc3339)")
      for (name, value) in attributes {
        key.add(name)
        key.add(value)
      }
      try scanner.scan { file in
        latest = max(latest, file.status.changeTime)
        key.add(file.entry.path.bytes)
        key.add(file.status)
      }
    }
    // A later change within the same tick of the kernel's clock would not be seen.
    ChrootRoot.waitForClock(after: latest)
    return state.hex
  }
}

extension CacheKey.Builder {
  fileprivate mutating func add(_ status: FileStatus) {
    add("\(status.kind) \(status.mode) \(status.uid) \(status.gid) \(status.inode)")
    add("\(status.changeTime.seconds) \(status.changeTime.nanoseconds)")
    add("\(status.modificationTime.seconds) \(status.modificationTime.nanoseconds)")
    // What file systems count for folders is not the folder's own.
    if status.kind != .directory { add("\(status.size) \(status.linkCount)") }
    add("\(status.deviceMajor) \(status.deviceMinor)")
  }
}
