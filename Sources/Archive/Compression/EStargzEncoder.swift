import HostOS

/// Compresses as eStargz asks for, and keeps the table of contents: which gzip member each piece of a file is in.
final class EStargzEncoder: LayerEncoder {
  private let gzip: BlockEncoder
  private var entries: [EStargz.Entry] = []
  /// The members that entries begin with, by their places among the entries.
  private var members: [Int: Int] = [:]
  private var content = SHA256Hasher()
  private var chunk = SHA256Hasher()
  /// Of the file that is being written.
  private var file: (entry: Int, size: Int64, written: Int64)?
  /// SHA-256 of the table, in 64 hexadecimal digits; after `finish`.
  private(set) var tableSHA256Hex = ""

  init(_ sink: any ByteSink, level: Int, threadCount: Int) {
    gzip = BlockEncoder(sink, .gzip(level: level, makesOneMember: true), threadCount: threadCount)
  }

  var output: HashingSink { gzip.output }

  func write(_ bytes: UnsafeRawBufferPointer) throws { try gzip.write(bytes) }

  /// A header was written.
  func begin(_ entry: TreeEntry, name: [UInt8]) {
    entries.append(EStargz.Entry(entry, name: name))
    guard entry.size > 0 else { return }
    file = (entries.count - 1, entry.size, 0)
    content = SHA256Hasher()
  }

  /// Cuts the content of a file into pieces, each with a member of its own, and passes them to `write` one by one.
  func pieces(_ bytes: UnsafeRawBufferPointer, _ write: (UnsafeRawBufferPointer) throws -> Void) throws {
    var rest = bytes
    while !rest.isEmpty, var current = file {
      let inChunk = current.written % Int64(EStargz.chunkSize)
      if inChunk == 0 { try beginChunk(current) }
      let step = min(rest.count, EStargz.chunkSize - Int(inChunk))
      let piece = UnsafeRawBufferPointer(rebasing: rest[..<step])
      content.update(piece)
      chunk.update(piece)
      try write(piece)
      current.written += Int64(step)
      file = current
      if current.written == current.size || current.written % Int64(EStargz.chunkSize) == 0 { endChunk(current) }
      rest = UnsafeRawBufferPointer(rebasing: rest[step...])
    }
  }

  private func beginChunk(_ current: (entry: Int, size: Int64, written: Int64)) throws {
    let member = try gzip.cut()
    if current.written > 0 { entries.append(EStargz.Entry(name: entries[current.entry].name, type: "chunk")) }
    let last = entries.count - 1
    members[last] = member
    chunk = SHA256Hasher()
    if current.written > 0 { entries[last].chunkOffset = current.written }
    let size = min(Int64(EStargz.chunkSize), current.size - current.written)
    // The size of the last piece is what is left.
    if current.written + size < current.size { entries[last].chunkSize = size }
  }

  private func endChunk(_ current: (entry: Int, size: Int64, written: Int64)) {
    entries[entries.count - 1].chunkDigest = "sha256:\(chunk.finalizeHex())"
    guard current.written == current.size else { return }
    entries[current.entry].digest = "sha256:\(content.finalizeHex())"
    file = nil
  }

  /// The table, which is to be written as the last file, in a member of its own.
  /// - Throws: what the sink throws, `ArchiveError`.
  func table() throws -> [UInt8] {
    // Where members begin is known when those before are compressed.
    try gzip.flush()
    for (entry, member) in members { entries[entry].offset = gzip.offsets[member] }
    let bytes = try EStargz.Table(entries: entries).encoded()
    tableSHA256Hex = SHA256Hasher.hex(of: bytes)
    return bytes
  }

  func finish() throws {
    try gzip.finish()
    guard let table = gzip.offsets.last else { return }
    try gzip.append(EStargz.footer(tableOffset: table))
  }
}
