import Archive
import HostOS
import SystemPackage

/// Contents on their way from layers and archives to a new layer, one behind the other in a file without a name.
final class SpoolFile: Sendable {
  private let descriptor: FileDescriptor

  init(in folder: FilePath) throws {
    let path = folder.appending("spool-\(Files.uniqueName())")
    descriptor = try Files.open(
      path, .readWrite, options: [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: 0o600))
    try Files.removeTree(path)
  }

  deinit { try? descriptor.close() }

  /// Appends the rest of the reader's current file, and says where it is.
  func append(_ reader: LayerReader, at offset: Int64, _ buffer: UnsafeMutableRawBufferPointer) throws -> Int64 {
    var end = offset
    while true {
      let count = try reader.readContent(into: buffer)
      if count == 0 { return end - offset }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      do { try descriptor.writeAll(toAbsoluteOffset: end, bytes) } catch let errno as Errno {
        throw HostError("write", nil, errno)
      }
      end += Int64(count)
    }
  }

  func read(offset: Int64, size: Int) throws -> [UInt8] {
    var source = SpoolSource(file: self, offset: offset, end: offset + Int64(size))
    var bytes = [UInt8](repeating: 0, count: size)
    var done = 0
    while done < size {
      let count = try bytes.withUnsafeMutableBytes {
        try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
      }
      if count == 0 { break }
      done += count
    }
    return Array(bytes[..<done])
  }

  func source(offset: Int64, size: Int64) -> some ByteSource {
    SpoolSource(file: self, offset: offset, end: offset + size)
  }

  private struct SpoolSource: ByteSource {
    let file: SpoolFile
    var offset: Int64
    let end: Int64

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      let wanted = Int(min(Int64(buffer.count), end - offset))
      if wanted == 0 { return 0 }
      do {
        let count = try file.descriptor.read(
          fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        offset += Int64(count)
        return count
      } catch let errno as Errno { throw HostError("read", nil, errno) }
    }
  }
}
