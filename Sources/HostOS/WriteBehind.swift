internal import CHostOS
internal import Glibc
public import SystemPackage

/// Sends what is written to a large file to the disk while more is written, and gives back the memory that it took.
///
/// Memory that no page of a file had before is slow: on virtual machines the host has to find it first, which takes
/// several times as long as the copy. So a large file uses the same memory again and again, as far as the disk keeps up;
/// in a container, whose memory files count against, it is also less of that.
public struct WriteBehind: Sendable {
  /// How much is sent at a time, in bytes.
  private static let piece: Int64 = 8 << 20
  /// How much of the end of a file stays in memory, for whoever follows the writer, in bytes.
  private static let window: Int64 = 64 << 20

  private let beginsAt: Int64
  private var sent: Int64 = 0
  private var dropped: Int64 = 0

  /// - Parameter isAwaited: whether somebody will wait for all of it to be on the disk. Then that also begins where the
  ///   file is small.
  public init(isAwaited: Bool) { beginsAt = isAwaited ? Self.piece : Self.window }

  /// Says that the file was written up to `count` bytes.
  public mutating func advance(to count: Int64, _ descriptor: FileDescriptor) {
    guard count >= beginsAt else { return }
    while count - sent >= Self.piece {
      hostos_begin_synchronizing(descriptor.rawValue, sent, Self.piece)
      sent += Self.piece
    }
    // What is not on the disk yet stays in memory.
    while sent - dropped > Self.window {
      _ = posix_fadvise(descriptor.rawValue, off_t(dropped), off_t(Self.piece), POSIX_FADV_DONTNEED)
      dropped += Self.piece
    }
  }
}
