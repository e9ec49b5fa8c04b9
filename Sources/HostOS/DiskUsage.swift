import Glibc
public import SystemPackage

/// Counts what files take on the disk, in whole blocks. A file of several names counts where it is met first.
public struct DiskUsage: Sendable {
  private struct File: Hashable {
    let device: UInt
    let inode: UInt
  }

  private var seen: Set<File> = []

  public init() {}

  /// A file, or a folder with all that it holds, in bytes. What cannot be looked at, or goes meanwhile, counts nothing.
  public mutating func add(_ path: FilePath) -> Int64 {
    var raw = stat()
    guard path.withPlatformString({ lstat($0, &raw) }) == 0 else { return 0 }
    let isFolder = raw.st_mode & S_IFMT == S_IFDIR
    if !isFolder, raw.st_nlink > 1,
      !seen.insert(File(device: UInt(raw.st_dev), inode: UInt(raw.st_ino))).inserted
    {
      return 0
    }
    let size = Int64(raw.st_blocks) * 512
    guard isFolder else { return size }
    return ((try? Files.names(in: path)) ?? []).reduce(size) { $0 + add(path.appending($1)) }
  }
}
