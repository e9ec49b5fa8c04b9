/// gzip (RFC 1952) of any number of members, with checksums verified.
final class GzipDecoder: Decoder {
  private(set) var source: HashingSource
  private let inflater: any Inflater
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  /// What was read and is not decompressed yet.
  private var input = UnsafeRawBufferPointer(start: nil, count: 0)
  private var isAtEnd = false
  /// No byte of the next member was seen yet.
  private var isBetweenMembers = false

  /// - Throws: `ArchiveError` when there is no memory.
  init(_ source: HashingSource) throws {
    self.source = source
    inflater = try InflateLibrary.inflater()
  }

  deinit { buffer.deallocate() }

  func read(into output: UnsafeMutableRawBufferPointer) throws -> Int {
    while !isAtEnd {
      if input.isEmpty { try refill() }
      if isAtEnd { break }
      if isBetweenMembers, try skipPadding() { break }
      let step = try inflater.inflate(input, into: output)
      input = UnsafeRawBufferPointer(rebasing: input[step.consumed...])
      if step.endsMember {
        isBetweenMembers = true
        inflater.reset()
      }
      if step.produced > 0 { return step.produced }
    }
    return 0
  }

  private func refill() throws {
    let count = try source.read(into: buffer)
    if count == 0 {
      guard isBetweenMembers else { throw ArchiveError.corrupt("gzip: it ends early") }
      isAtEnd = true
    }
    input = UnsafeRawBufferPointer(rebasing: buffer[..<count])
  }

  /// Zeros may follow the last member, as on tapes; true when the end was reached.
  private func skipPadding() throws -> Bool {
    while true {
      let zeros = input.prefix { $0 == 0 }.count
      input = UnsafeRawBufferPointer(rebasing: input[zeros...])
      if !input.isEmpty {
        isBetweenMembers = false
        return false
      }
      try refill()
      if isAtEnd { return true }
    }
  }
}
