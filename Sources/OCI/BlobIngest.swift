import Diagnostics
import HostOS
import SystemPackage

/// A blob on its way into a `ContentStore`: bytes go to a temporary file, `commit` gives it its name. When the value
/// goes without a commit, nothing stays.
public struct BlobIngest: ~Copyable, Sendable {
  private let store: ContentStore
  private let temporary: FilePath
  private let descriptor: FileDescriptor
  private var committed = false
  /// In bytes.
  public private(set) var count: Int64 = 0

  init(store: ContentStore) throws {
    self.store = store
    temporary = store.ingestFolder.appending(Files.uniqueName())
    descriptor = try Files.open(
      temporary, .readWrite, options: [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: 0o644))
  }

  /// - Throws: `HostError`.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    do { try descriptor.writeAll(bytes) } catch let errno as Errno { throw HostError("write", temporary, errno) }
    count += Int64(bytes.count)
  }

  /// Gives the blob its name. A blob of that name that is there already is success, for content decides the name.
  ///
  /// The caller has computed `digest` from what it wrote.
  /// - Parameter isDurable: whether to wait until the disk has it: not for what can be fetched again.
  /// - Throws: `HostError`.
  public consuming func commit(as digest: Digest, isDurable: Bool = true) throws {
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
