import Diagnostics
import HostOS
import SystemPackage

/// A blob on its way into a `ContentStore`: bytes go to a temporary file, `commit` gives it its name. When the value
/// goes without a commit, nothing stays.
public struct BlobIngest: ~Copyable, Sendable {
  private let store: ContentStore
  private let temporary: FilePath
  private let descriptor: FileDescriptor
  private let isDurable: Bool
  private var committed = false
  private var behind: WriteBehind
  /// In bytes.
  public private(set) var count: Int64 = 0

  init(store: ContentStore, isDurable: Bool) throws {
    self.store = store
    self.isDurable = isDurable
    behind = WriteBehind(isAwaited: isDurable)
    temporary = store.ingestFolder.appending(Files.uniqueName())
    descriptor = try Files.open(
      temporary, .readWrite, options: [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: 0o644))
  }

  /// - Throws: `HostError`.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    do { try descriptor.writeAll(bytes) } catch let errno as Errno { throw HostError("write", temporary, errno) }
    count += Int64(bytes.count)
    behind.advance(to: count, descriptor)
  }

  /// Lets somebody read what is written while more is; they are told of it by the caller.
  /// - Throws: `HostError`.
  public func growing() throws -> GrowingBlob { GrowingBlob(try Files.open(temporary, .readOnly)) }

  /// Reads what is written and computes its digest.
  /// - Parameter other: of the algorithm that is wanted.
  /// - Throws: `HostError`.
  public func digest(like other: Digest) throws -> Digest {
    var hasher = DigestHasher(like: other)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var position: Int64 = 0
    do {
      while case let step = try descriptor.read(fromAbsoluteOffset: position, into: buffer), step > 0 {
        hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<step]))
        position += Int64(step)
      }
    } catch let errno as Errno { throw HostError("read", temporary, errno) }
    return hasher.digest
  }

  /// Gives the blob its name. A blob of that name that is there already is success, for content decides the name.
  ///
  /// The caller has computed `digest` from what it wrote.
  /// - Throws: `HostError`.
  public consuming func commit(as digest: Digest) throws {
    if isDurable { try Files.synchronize(descriptor, temporary) }
    let target = store.path(of: digest)
    try Files.createDirectories(target.removingLastComponent())
    try Files.rename(temporary, to: target)
    committed = true
  }

  deinit {
    try? descriptor.close()
    if !committed { try? Files.removeTree(temporary) }
  }
}
