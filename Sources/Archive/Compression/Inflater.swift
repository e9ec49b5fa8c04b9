/// Decompresses the members of a gzip stream (RFC 1952), one after the other.
protocol Inflater: AnyObject {
  /// Goes on as far as input and room permit; neither is empty.
  /// - Throws: `ArchiveError` when the member is damaged.
  func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> InflateStep
  /// Another member follows.
  func reset()
}

struct InflateStep {
  /// Of the input, in bytes.
  var consumed: Int
  /// Into the output, in bytes.
  var produced: Int
  /// Whether the member ended, with the right checksum.
  var endsMember: Bool
}

/// What layers are decompressed with.
enum InflateLibrary {
  /// The ISA-L of the system; zlib where the program was built without it.
  static func inflater() throws -> any Inflater {
    #if SLIPWAY_ZLIB_ONLY
      return try ZlibInflater()
    #else
      return try ISALInflater()
    #endif
  }
}
