import HostOS

/// Takes the bytes of a tar and passes them on to a sink, compressed.
protocol LayerEncoder: AnyObject {
  func write(_ bytes: UnsafeRawBufferPointer) throws
  /// Writes what is left; nothing may be written afterwards.
  func finish() throws
  /// Of what went to the sink.
  var output: HashingSink { get }
}

/// Passes bytes on to a sink while it counts and digests them.
struct HashingSink {
  private var sink: any ByteSink
  private var hasher = SHA256Hasher()
  private(set) var size: Int64 = 0

  init(_ sink: any ByteSink) { self.sink = sink }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    if bytes.isEmpty { return }
    hasher.update(bytes)
    size += Int64(bytes.count)
    try sink.write(bytes)
  }

  func sha256Hex() -> String { hasher.finalizeHex() }
}

/// Writes the tar as it is, in large pieces.
final class PlainEncoder: LayerEncoder {
  private(set) var output: HashingSink
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
  private var count = 0

  init(_ sink: any ByteSink) { output = HashingSink(sink) }

  deinit { buffer.deallocate() }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      if count == buffer.count { try flush() }
      let step = min(rest.count, buffer.count - count)
      UnsafeMutableRawBufferPointer(rebasing: buffer[count..<(count + step)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<step]))
      count += step
      rest = UnsafeRawBufferPointer(rebasing: rest[step...])
    }
  }

  func finish() throws { try flush() }

  private func flush() throws {
    try output.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    count = 0
  }
}
