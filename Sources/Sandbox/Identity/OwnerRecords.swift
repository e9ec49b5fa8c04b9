import CSandbox
public import HostOS
public import SystemPackage

/// Owners of files, for commands where the machine lends one id only: the kernel keeps none but that one.
///
/// While a command runs, process 1 of its sandbox answers system calls about owners and ids as if all ids were there.
/// Owners of regular files and folders stay with the files, in the extended attribute `user.slipway.owner`. Those of
/// symbolic links, pipes and sockets, which have no attributes, are here, by inode.
///
/// Not safe to be asked while a command runs that it was given to.
public final class OwnerRecords: @unchecked Sendable {
  // Shared with a child; the caller looks before and after.
  private let memory: OpaquePointer
  /// The same memory, for the child.
  let descriptor: Int32

  /// Ids of one owner.
  public struct Owner: Sendable, Hashable {
    public var uid: UInt32
    public var gid: UInt32

    public init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }
  }

  /// - Parameter user: whom the command begins as; at most 128 groups.
  /// - Throws: `SandboxError`.
  public init(user: SandboxUser) throws(SandboxError) {
    var errno: Int32 = 0
    let groups = user.supplementaryGroups
    var descriptor: Int32 = -1
    guard
      let memory = csandbox_owners_create(user.uid, user.gid, groups, UInt32(groups.count), &descriptor, &errno)
    else {
      throw SandboxError(.setUp(SetUpFailure("keep owners of files", "mmap", Errno(rawValue: errno))))
    }
    self.memory = memory
    self.descriptor = descriptor
  }

  deinit { csandbox_owners_destroy(memory, descriptor) }

  /// What one file is, whatever it is called: inodes are used again, and births tell them apart.
  public struct File: Sendable, Hashable {
    public var inode: UInt64
    /// Zero where the file system does not tell.
    public var birth: Timestamp

    public init(inode: UInt64, birth: Timestamp) {
      self.inode = inode
      self.birth = birth
    }

    public init(at path: FilePath, _ status: FileStatus) {
      self.init(inode: status.inode, birth: ChrootRoot.birthTime(of: path.bytes) ?? Timestamp(seconds: 0))
    }
  }

  /// Of a file in a layer that can have no attributes.
  /// - Throws: `SandboxError` when there are more than some hundred thousand.
  public func set(_ owner: Owner, of path: FilePath, _ status: FileStatus) throws(SandboxError) {
    let file = File(at: path, status)
    let result = csandbox_owners_set(
      memory, file.inode, file.birth.seconds, file.birth.nanoseconds, owner.uid, owner.gid)
    guard result == 0 else {
      throw SandboxError(.setUp(SetUpFailure("keep the owner of \(path)", "", Errno(rawValue: result))))
    }
  }

  /// Of a file that can have no attributes; nil when nobody gave it one.
  public func owner(of file: File) -> Owner? {
    var owner = Owner(uid: 0, gid: 0)
    let isKnown = csandbox_owners_get(
      memory, file.inode, file.birth.seconds, file.birth.nanoseconds, &owner.uid, &owner.gid)
    return isKnown == 1 ? owner : nil
  }
}
