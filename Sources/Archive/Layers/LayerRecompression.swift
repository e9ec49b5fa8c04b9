import HostOS

/// Writes a layer again in another compression.
///
/// The tar stays as it is, byte for byte, and with it the diff ID; only eStargz, which adds files of its own, is another
/// tar. All calls block.
public struct LayerRecompression {
  /// What the layer that is read must turn out to be.
  public var expectation: LayerExpectation
  public var options: LayerWriter.Options

  public init(_ expectation: LayerExpectation, options: LayerWriter.Options) {
    self.expectation = expectation
    self.options = options
  }

  /// The same with an index, which only a layer of another tar has; nil otherwise.
  public struct Result: Sendable {
    public var summary: LayerSummary
    public var index: LayerIndex?
    /// SHA-256 of the table of contents of an eStargz layer, in 64 hexadecimal digits.
    public var tableSHA256Hex: String?
  }

  /// - Throws: `ArchiveError` for a layer that is damaged or not the expected one, what source and sink throw. Then what
  ///   the sink has is of no use.
  public func write(_ source: any ByteSource, to sink: any ByteSink) throws -> Result {
    if case .estargz = options.compression { return try writeEntries(source, to: sink) }
    return try writeBytes(source, to: sink)
  }

  private func writeBytes(_ source: any ByteSource, to sink: any ByteSink) throws -> Result {
    let thread = try DecodingThread(source, limits: ReadingLimits())
    let encoder = options.encoder(to: sink)
    while let bytes = try thread.next() { try encoder.write(bytes) }
    let digests = try thread.finish()
    try expectation.check(digests)
    try encoder.finish()
    return Result(
      summary: LayerSummary(
        sha256Hex: encoder.output.sha256Hex(), size: encoder.output.size, diffIDSHA256Hex: digests.diffIDSHA256Hex,
        uncompressedSize: digests.uncompressedSize, entryCount: 0, compression: options.compression.format))
  }

  /// Files that an earlier eStargz added are left out.
  private func writeEntries(_ source: any ByteSource, to sink: any ByteSink) throws -> Result {
    let reader = try LayerReader(source, options: .init(expectation: expectation))
    let writer = try LayerWriter(to: sink, options: options)
    while let entry = try reader.next() {
      if EStargz.ownPaths.contains(entry.path) { continue }
      try writer.append(entry, reading: reader.readContent)
    }
    _ = try reader.finish()
    let written = try writer.finish()
    return Result(summary: written.summary, index: written.index, tableSHA256Hex: written.tableSHA256Hex)
  }
}
