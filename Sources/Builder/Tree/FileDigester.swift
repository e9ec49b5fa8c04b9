import Archive
import HostOS
import SystemPackage

/// Reads files of a folder to digest them, with one buffer for all. For one thread.
final class FileDigester {
  private let folder: FileDescriptor
  private let root: FilePath
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)

  /// - Parameters:
  ///   - folder: stays open for as long as this is used.
  ///   - root: its path, for messages.
  init(folder: FileDescriptor, root: FilePath) {
    self.folder = folder
    self.root = root
  }

  deinit { buffer.deallocate() }

  /// SHA-256 of a file's content, 32 bytes: what the memory knows, else what the memory is told if it can be relied on.
  /// - Throws: `HostError`.
  func digest(of path: TreePath, _ memory: ContextMemory?) throws -> [UInt8] {
    let begin = memory?.time
    let file = ContextFile(root: root, path: path)
    return try file.withDescriptor(in: folder) { descriptor in
      let stamp = ContextMemory.Stamp(try FileStatus(of: descriptor))
      if let known = memory?.contentSHA256(at: path, stamp) { return known }
      var hasher = SHA256Hasher()
      var count: Int64 = 0
      // What is longer now than it was is noticed when it is copied.
      while count < max(stamp.size, 1) {
        let step = try read(descriptor, file)
        if step.isEmpty { break }
        hasher.update(step)
        count += Int64(step.count)
      }
      let digest = hasher.finalize()
      if let memory, let begin {
        let isStill = try count == stamp.size && ContextMemory.Stamp(FileStatus(of: descriptor)) == stamp
        memory.remember(isStill ? digest : nil, at: path, stamp, readAt: begin)
      }
      return digest
    }
  }

  private func read(_ descriptor: FileDescriptor, _ file: ContextFile) throws -> UnsafeRawBufferPointer {
    do {
      let count = try descriptor.read(into: buffer)
      return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    } catch let errno as Errno { throw HostError("read", file.hostPath, errno) }
  }
}

extension ContextFile {
  /// Opens the file for the time of `body`.
  /// - Parameter folder: `root`, open.
  /// - Throws: `HostError`, and what `body` throws.
  func withDescriptor<Result>(in folder: FileDescriptor, _ body: (FileDescriptor) throws -> Result) throws -> Result {
    let descriptor: FileDescriptor
    do { descriptor = try path.withPlatformString { try Files.open($0, in: folder) } } catch let errno as Errno {
      throw HostError("open", hostPath, errno)
    }
    defer { try? descriptor.close() }
    return try body(descriptor)
  }
}
