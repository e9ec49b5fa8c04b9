import HostOS
import OCI
import SystemPackage

/// A file on its way here. When the value goes before `keep`, nothing stays.
struct Download: ~Copyable {
  private let path: FilePath
  private let descriptor: FileDescriptor
  private var hasher: SHA256Hasher
  private var isKept: Bool
  /// In bytes.
  private(set) var size: Int64

  /// - Throws: `HostError`.
  init(in folder: FilePath) throws {
    try Files.createDirectories(folder)
    let file = folder.appending(Files.uniqueName())
    let opened = try Files.open(
      file, .writeOnly, options: [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: 0o644))
    path = file
    descriptor = opened
    hasher = SHA256Hasher()
    isKept = false
    size = 0
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    do { try descriptor.writeAll(bytes) } catch let errno as Errno { throw HostError("write", path, errno) }
    hasher.update(bytes)
    size += Int64(bytes.count)
  }

  func digest() throws -> Digest {
    guard let digest = Digest(sha256Hex: hasher.finalizeHex()) else {
      throw HostError("digest", path, .invalidArgument)
    }
    return digest
  }

  /// Gives the file its name. One that is there already is replaced, for it may have been damaged.
  mutating func keep(at target: FilePath) throws {
    try Files.synchronize(descriptor, path)
    try Files.createDirectories(target.removingLastComponent())
    try Files.rename(path, to: target)
    isKept = true
  }

  deinit {
    try? descriptor.close()
    if !isKept { try? Files.removeTree(path) }
  }
}
