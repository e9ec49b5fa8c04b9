public import Archive
import Glibc
import HostOS
import SystemPackage
import Testing

/// Collects what is written.
final class MemorySink: ByteSink {
  var bytes: [UInt8] = []
  func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}

/// Gives bytes in pieces of one size, however large the buffer.
struct DribblingSource: ByteSource {
  var source: MemoryByteSource
  let pieceSize: Int

  init(_ bytes: [UInt8], pieceSize: Int) {
    source = MemoryByteSource(bytes)
    self.pieceSize = pieceSize
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(pieceSize)))
  }
}

/// Gives the same block again and again.
struct RepeatingSource: ByteSource {
  let block: [UInt8]
  let count: Int
  private var current = MemoryByteSource([])
  private var given = 0

  init(block: [UInt8], count: Int) {
    self.block = block
    self.count = count
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let step = try current.read(into: buffer)
    if step > 0 || given == count { return step }
    given += 1
    current = MemoryByteSource(block)
    return try current.read(into: buffer)
  }
}

struct Sample {
  var entry: TreeEntry
  var content: [UInt8] = []

  static func file(_ path: TreePath, _ content: String, mode: UInt16 = 0o644) -> Sample {
    .file(path, Array(content.utf8), mode: mode)
  }

  static func file(_ path: TreePath, _ content: [UInt8], mode: UInt16 = 0o644) -> Sample {
    Sample(
      entry: .init(path: path, kind: .file(size: Int64(content.count)), mode: mode, modificationTime: .sample),
      content: content)
  }

  static func folder(_ path: TreePath, mode: UInt16 = 0o755) -> Sample {
    Sample(entry: .init(path: path, kind: .directory, mode: mode, modificationTime: .sample))
  }

  static func link(_ path: TreePath, to target: String) -> Sample {
    Sample(
      entry: .init(path: path, kind: .symbolicLink(target: Array(target.utf8)), mode: 0o777, modificationTime: .sample))
  }

  static func of(_ path: TreePath, _ kind: TreeEntry.Kind, mode: UInt16 = 0o644) -> Sample {
    Sample(entry: .init(path: path, kind: kind, mode: mode, modificationTime: .sample))
  }

  static func whiteout(_ path: TreePath) -> Sample { Sample(entry: .whiteout(path)) }
  static func opaque(_ path: TreePath) -> Sample { Sample(entry: .opaqueWhiteout(path)) }

  /// Owned by whoever runs the tests, so that any user can unpack it.
  func ours() -> Sample {
    Sample(entry: entry.owned(by: geteuid(), getegid()), content: content)
  }
}

extension Timestamp {
  static let sample = Timestamp(seconds: 1_700_000_000)
}

extension TreePath: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self = TreePath(value) ?? .root }
}

/// Writes samples as a layer.
func layer(
  _ samples: [Sample], options: LayerWriter.Options = .init(compression: .none)
) throws -> (bytes: [UInt8], result: LayerWriter.Result) {
  let sink = MemorySink()
  let writer = try LayerWriter(to: sink, options: options)
  for sample in samples { try writer.append(sample.entry, content: sample.content) }
  let result = try writer.finish()
  return (sink.bytes, result)
}

/// Reads all entries of a layer with their content.
func contents(
  of bytes: [UInt8], options: LayerReader.Options = .init()
) throws -> (samples: [Sample], result: LayerReader.Result) {
  let reader = try LayerReader(MemoryByteSource(bytes), options: options)
  var samples: [Sample] = []
  while let entry = try reader.next() { samples.append(Sample(entry: entry, content: try reader.content())) }
  return (samples, try reader.finish())
}

/// Runs a program that must succeed, and gives what it printed.
@discardableResult
func tool(_ name: String, _ arguments: [String], in folder: FilePath? = nil, input: [UInt8] = []) async throws -> String
{
  let outcome = try await ChildProcess(name, arguments, workingDirectory: folder, input: input).run()
  try #require(outcome.succeeded, "\(name) \(arguments): \(outcome.errorText)")
  return outcome.outputText
}

/// Bytes that look random and are the same at every run.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state >> 32)
  }
}

/// Bytes that compress well.
func prose(_ count: Int) -> [UInt8] {
  var out: [UInt8] = []
  out.reserveCapacity(count + 32)
  var number = 0
  while out.count < count {
    out.append(contentsOf: "line \(number * 7919 % 10_007) of a text\n".utf8)
    number += 1
  }
  return Array(out.prefix(count))
}

/// Empty for no error.
func code(of error: ArchiveError?) -> String { error.map { "\($0.code)" } ?? "" }
