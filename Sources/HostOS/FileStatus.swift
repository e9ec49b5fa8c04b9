import CHostOS
import Glibc
public import SystemPackage

/// What stat(2) says of a file, without its access time.
public struct FileStatus: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case file, directory, symbolicLink, characterDevice, blockDevice, fifo, socket
  }

  public var kind: Kind
  /// Permission bits with set-user-id, set-group-id and sticky.
  public var mode: UInt16
  public var uid: UInt32
  public var gid: UInt32
  /// In bytes.
  public var size: Int64
  public var modificationTime: Timestamp
  public var changeTime: Timestamp
  public var device: UInt64
  public var inode: UInt64
  public var linkCount: UInt64
  /// The device that a device node stands for.
  public var deviceMajor: UInt32
  public var deviceMinor: UInt32

  init?(_ raw: Glibc.stat) {
    switch raw.st_mode & Glibc.S_IFMT {
    case Glibc.S_IFREG: kind = .file
    case Glibc.S_IFDIR: kind = .directory
    case Glibc.S_IFLNK: kind = .symbolicLink
    case Glibc.S_IFCHR: kind = .characterDevice
    case Glibc.S_IFBLK: kind = .blockDevice
    case Glibc.S_IFIFO: kind = .fifo
    case Glibc.S_IFSOCK: kind = .socket
    default: return nil
    }
    mode = UInt16(truncatingIfNeeded: raw.st_mode & 0o7777)
    uid = raw.st_uid
    gid = raw.st_gid
    size = Int64(raw.st_size)
    modificationTime = Timestamp(raw.st_mtim)
    changeTime = Timestamp(raw.st_ctim)
    device = UInt64(raw.st_dev)
    inode = UInt64(raw.st_ino)
    linkCount = UInt64(raw.st_nlink)
    deviceMajor = hostos_major(UInt64(raw.st_rdev))
    deviceMinor = hostos_minor(UInt64(raw.st_rdev))
  }

  /// Does not follow a symbolic link at the end of the path.
  /// - Throws: `HostError`.
  public init(of path: FilePath, relativeTo directory: FileDescriptor? = nil) throws {
    var raw = Glibc.stat()
    let result = path.withPlatformString { pointer in
      fstatat(directory?.rawValue ?? AT_FDCWD, pointer, &raw, AT_SYMLINK_NOFOLLOW)
    }
    guard result == 0, let status = FileStatus(raw) else { throw HostError("look at", path, .current) }
    self = status
  }

  /// Of something in an open folder; does not follow a symbolic link.
  /// - Throws: `HostError`.
  public init(of name: FileName, in folder: FileDescriptor) throws {
    var raw = Glibc.stat()
    let result = name.withPlatformString { fstatat(folder.rawValue, $0, &raw, AT_SYMLINK_NOFOLLOW) }
    guard result == 0, let status = FileStatus(raw) else { throw HostError("look at", FilePath(name.text), .current) }
    self = status
  }

  /// Follows symbolic links.
  /// - Throws: `HostError`.
  public init(following path: FilePath) throws {
    var raw = Glibc.stat()
    let result = path.withPlatformString { pointer in fstatat(AT_FDCWD, pointer, &raw, 0) }
    guard result == 0, let status = FileStatus(raw) else { throw HostError("look at", path, .current) }
    self = status
  }

  /// - Throws: `HostError`.
  public init(of descriptor: FileDescriptor) throws {
    var raw = Glibc.stat()
    guard fstat(descriptor.rawValue, &raw) == 0, let status = FileStatus(raw) else {
      throw HostError("look at an open file", nil, .current)
    }
    self = status
  }

  /// Nil where there is no such file.
  /// - Throws: `HostError` for any other failure.
  public static func ifExists(_ path: FilePath) throws -> FileStatus? {
    do { return try FileStatus(of: path) } catch let error as HostError where error.isMissing { return nil }
  }
}

/// A point in time as file systems keep it: seconds since 1970-01-01 00:00 UTC, and nanoseconds on top.
public struct Timestamp: Sendable, Hashable, Comparable, Codable {
  public var seconds: Int64
  public var nanoseconds: UInt32

  public init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// Of the real-time clock.
  public static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(time)
  }

  init(_ raw: timespec) {
    self.init(seconds: Int64(raw.tv_sec), nanoseconds: UInt32(clamping: raw.tv_nsec))
  }

  /// RFC 3339 in UTC with a `Z`, fractions only where there are any, as image-spec wants `created`. It is clamped to
  /// the years 0000 to 9999, which is all that RFC 3339 can write.
  public var rfc3339: String {
    let seconds = min(max(self.seconds, -62_167_219_200), 253_402_300_799)
    let days = (seconds - (seconds % 86_400 + 86_400) % 86_400) / 86_400
    let secondOfDay = Int(seconds - days * 86_400)
    let (year, month, day) = Self.civil(fromDays: days)
    var out = "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(day, 2))T"
    out += "\(Self.pad(secondOfDay / 3600, 2)):\(Self.pad(secondOfDay / 60 % 60, 2)):\(Self.pad(secondOfDay % 60, 2))"
    if nanoseconds > 0 {
      var digits = Self.pad(Int(min(nanoseconds, 999_999_999)), 9)[...]
      while digits.last == "0" { digits.removeLast() }
      out += ".\(digits)"
    }
    return out + "Z"
  }

  /// Days since 1970-01-01 to a date of the Gregorian calendar (the era-based algorithm; 400 years have 146,097 days).
  private static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func pad(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension HostError {
  /// The file, or a folder on the way to it, does not exist.
  public var isMissing: Bool { errno == .noSuchFileOrDirectory || errno == .notDirectory }
}

extension Errno {
  /// What the last system call of this thread left behind.
  public static var current: Errno { Errno(rawValue: Glibc.errno) }
}
