import HostOS

/// Compresses on several threads. The bytes do not depend on their number.
///
/// The tar is cut into blocks of one size, and each is compressed by itself: all readers of gzip take several members
/// (RFC 1952, 2.2), all readers of zstd several frames (RFC 8878, 3), and what compresses whole buffers is much faster
/// than what compresses streams. Blocks are recycled, and a writer that is faster than its threads waits, so memory is
/// bounded by their number.
final class BlockEncoder: LayerEncoder {
  private(set) var output: HashingSink

  private struct State {
    var waiting: [CompressedBlock] = []
    /// By identity, with the error of those that failed.
    var finished: [ObjectIdentifier: Result<Void, any Error>] = [:]
    var isStopped = false
  }

  private let format: BlockFormat
  private let maximumThreadCount: Int
  private let monitor = Monitor(State())
  private var threads: [Thread] = []
  /// Given to the threads, in the order of the tar.
  private var inFlight: [CompressedBlock] = []
  private var free: [CompressedBlock] = []
  private var current: CompressedBlock
  private var blockCount = 1
  /// Given to the threads so far.
  private var submittedCount = 0
  /// Where blocks begin in the output, in bytes, as far as they are written.
  private(set) var offsets: [Int64] = []

  /// Gives `WorkerThread`, which cannot be copied, a place in an array.
  private final class Thread {
    let worker: WorkerThread
    init(_ worker: consuming WorkerThread) { self.worker = worker }
  }

  init(_ sink: any ByteSink, _ format: BlockFormat, threadCount: Int) {
    output = HashingSink(sink)
    self.format = format
    maximumThreadCount = min(max(threadCount, 1), 16)
    current = CompressedBlock(size: format.blockSize)
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

  /// Begins a new block, unless one has just begun; returns its place among all.
  func cut() throws -> Int {
    if !current.isEmpty { try submitCurrent() }
    return submittedCount
  }

  /// Writes all that there is.
  func flush() throws {
    _ = try cut()
    while !inFlight.isEmpty { try collectFirst() }
  }

  /// Writes what was compressed elsewhere; all else must be written.
  func append(_ bytes: [UInt8]) throws {
    offsets.append(output.size)
    try bytes.withUnsafeBytes { try output.write($0) }
  }

  func finish() throws {
    if threads.isEmpty {
      try current.compress(with: format.codec())
      return try emit(current)
    }
    try flush()
  }

  private func submitCurrent() throws {
    if threads.count < maximumThreadCount, threads.count <= inFlight.count { try startThread() }
    let next = try nextFree()
    enqueue(current)
    current = next
  }

  private func enqueue(_ block: CompressedBlock) {
    submittedCount += 1
    inFlight.append(block)
    monitor.update { $0.waiting.append(block) }
  }

  /// Takes results off the line while it waits for a block to become free.
  private func nextFree() throws -> CompressedBlock {
    while let first = inFlight.first, monitor.update({ $0.finished[ObjectIdentifier(first)] != nil }) {
      try collectFirst()
    }
    if let block = free.popLast() { return block }
    if blockCount < maximumThreadCount + 3 {
      blockCount += 1
      return CompressedBlock(size: format.blockSize)
    }
    try collectFirst()
    return free.popLast() ?? CompressedBlock(size: format.blockSize)
  }

  private func collectFirst() throws {
    let block = inFlight.removeFirst()
    try monitor.wait { $0.finished.removeValue(forKey: ObjectIdentifier(block)) }.get()
    try emit(block)
    block.clear()
    free.append(block)
  }

  private func emit(_ block: CompressedBlock) throws {
    offsets.append(output.size)
    try output.write(block.compressed)
  }

  private func startThread() throws {
    let monitor = monitor
    let format = format
    threads.append(
      Thread(
        try WorkerThread {
          let codec = Result { try format.codec() }
          while let block = Self.take(from: monitor) {
            let result = Result { try block.compress(with: codec.get()) }
            monitor.update { $0.finished[ObjectIdentifier(block)] = result }
          }
        }))
  }

  private static func take(from monitor: Monitor<State>) -> CompressedBlock? {
    monitor.wait { state -> CompressedBlock?? in
      if state.isStopped { return .some(nil) }
      return state.waiting.isEmpty ? nil : .some(state.waiting.removeFirst())
    }
  }
}
