import CZlib
import HostOS
import SystemPackage

/// A file of botocore, compressed or not.
enum ModelFile {
  /// - Throws: `HostError`, `SimulationError`.
  static func read(_ path: FilePath) throws -> [UInt8] {
    if try FileStatus.ifExists(path) != nil { return try Files.read(path, limit: limit) }
    return try gunzip(try Files.read(FilePath(path.string + ".gz"), limit: limit), path)
  }

  private static let limit = 64 << 20

  private static func gunzip(_ bytes: [UInt8], _ path: FilePath) throws -> [UInt8] {
    var stream = z_stream()
    // 15 bits of window, and 16 for "gzip only".
    guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw SimulationError("no memory for decompression")
    }
    defer { inflateEnd(&stream) }
    var input = bytes
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    let room = chunk.count
    let status = input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(clamping: input.count)
      var status = Z_OK
      while status == Z_OK {
        status = chunk.withUnsafeMutableBufferPointer { chunk in
          stream.next_out = chunk.baseAddress
          stream.avail_out = UInt32(room)
          return inflate(&stream, Z_NO_FLUSH)
        }
        output += chunk[..<(room - Int(stream.avail_out))]
      }
      return status
    }
    guard status == Z_STREAM_END else { throw SimulationError("\(path).gz is no gzip file") }
    return output
  }
}
