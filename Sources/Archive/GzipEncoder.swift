import CZlib
import HostOS

/// Compresses with gzip (RFC 1952) on several threads into one member, whose bytes do not depend on their number.
///
/// The tar is cut into blocks of 1 MiB. Each is compressed on its own, with the end of the block before it as
/// dictionary, and ends at a byte boundary, so that the results can be joined. Blocks are recycled, and a writer that
/// is faster than its threads waits, so memory is bounded by their number.
final class GzipEncoder: LayerEncoder {
  private(set) var output: HashingSink

  private struct State {
    var waiting: [DeflateBlock] = []
    /// By identity, with the error of those that failed.
    var finished: [ObjectIdentifier: Result<Void, any Error>] = [:]
    var isStopped = false
  }

  private let level: Int
  private let maximumThreadCount: Int
  private let monitor = Monitor(State())
  private var threads: [Thread] = []
  /// Given to the threads, in the order of the tar.
  private var inFlight: [DeflateBlock] = []
  private var free: [DeflateBlock] = []
  private var current: DeflateBlock
  private var blockCount = 1
  private var checksum: UInt = 0
  private var inputSize: UInt64 = 0

  /// Gives `WorkerThread`, which cannot be copied, a place in an array.
  private final class Thread {
    let worker: WorkerThread
    init(_ worker: consuming WorkerThread) { self.worker = worker }
  }

  /// - Throws: what the sink throws at the header.
  init(_ sink: any ByteSink, level: Int, threadCount: Int) throws {
    output = HashingSink(sink)
    self.level = min(max(level, 1), 9)
    maximumThreadCount = min(max(threadCount, 1), 16)
    current = DeflateBlock()
    current.start(after: nil)
    // No name, no time, "unknown" for the operating system: nothing that could differ between machines.
    try [UInt8]([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]).withUnsafeBytes { try output.write($0) }
  }

  deinit {
    monitor.update {
      $0.isStopped = true
      $0.waiting = []
    }
    threads = []
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      if current.isFull { try submitCurrent() }
      let step = current.append(rest)
      rest = UnsafeRawBufferPointer(rebasing: rest[step...])
    }
  }

  func finish() throws {
    current.isLast = true
    if threads.isEmpty {
      try current.compress(with: DeflateCodec(level: level))
      try emit(current)
    } else {
      enqueue(current)
      while !inFlight.isEmpty { try collectFirst() }
    }
    var trailer: [UInt8] = []
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: checksum).littleEndian) { trailer.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: inputSize).littleEndian) { trailer.append(contentsOf: $0) }
    try trailer.withUnsafeBytes { try output.write($0) }
  }

  private func submitCurrent() throws {
    if threads.count < maximumThreadCount, threads.count <= inFlight.count { try startThread() }
    let next = try nextFreeBlock()
    next.start(after: current)
    enqueue(current)
    current = next
  }

  private func enqueue(_ block: DeflateBlock) {
    inFlight.append(block)
    monitor.update { $0.waiting.append(block) }
  }

  /// Takes results off the line while it waits for a block to become free.
  private func nextFreeBlock() throws -> DeflateBlock {
    while let first = inFlight.first, monitor.update({ $0.finished[ObjectIdentifier(first)] != nil }) {
      try collectFirst()
    }
    if let block = free.popLast() { return block }
    if blockCount < maximumThreadCount + 3 {
      blockCount += 1
      return DeflateBlock()
    }
    try collectFirst()
    return free.popLast() ?? DeflateBlock()
  }

  private func collectFirst() throws {
    let block = inFlight.removeFirst()
    try monitor.wait { $0.finished.removeValue(forKey: ObjectIdentifier(block)) }.get()
    try emit(block)
    free.append(block)
  }

  private func emit(_ block: DeflateBlock) throws {
    try output.write(block.compressed)
    checksum = crc32_combine(checksum, block.checksum, block.count)
    inputSize &+= UInt64(block.count)
  }

  private func startThread() throws {
    let monitor = monitor
    let level = level
    threads.append(
      Thread(
        try WorkerThread {
          let codec = Result { try DeflateCodec(level: level) }
          while let block = Self.take(from: monitor) {
            let result = Result { try block.compress(with: codec.get()) }
            monitor.update { $0.finished[ObjectIdentifier(block)] = result }
          }
        }))
  }

  private static func take(from monitor: Monitor<State>) -> DeflateBlock? {
    monitor.wait { state -> DeflateBlock?? in
      if state.isStopped { return .some(nil) }
      return state.waiting.isEmpty ? nil : .some(state.waiting.removeFirst())
    }
  }
}
