import HostOS

/// Compresses with gzip (RFC 1952) on several threads. The bytes do not depend on their number.
///
/// The tar is cut into pieces of 1 MiB, and each becomes a member: all readers of gzip take several (RFC 1952, 2.2), and
/// what compresses whole buffers is much faster than what compresses streams. Members are recycled, and a writer that
/// is faster than its threads waits, so memory is bounded by their number.
final class GzipEncoder: LayerEncoder {
  private(set) var output: HashingSink

  private struct State {
    var waiting: [GzipMember] = []
    /// By identity, with the error of those that failed.
    var finished: [ObjectIdentifier: Result<Void, any Error>] = [:]
    var isStopped = false
  }

  private let level: Int
  private let maximumThreadCount: Int
  private let monitor = Monitor(State())
  private var threads: [Thread] = []
  /// Given to the threads, in the order of the tar.
  private var inFlight: [GzipMember] = []
  private var free: [GzipMember] = []
  private var current: GzipMember
  private var memberCount = 1
  /// Given to the threads so far.
  private var submittedCount = 0
  /// Where members begin in the output, in bytes, as far as they are written.
  private(set) var offsets: [Int64] = []

  /// Gives `WorkerThread`, which cannot be copied, a place in an array.
  private final class Thread {
    let worker: WorkerThread
    init(_ worker: consuming WorkerThread) { self.worker = worker }
  }

  /// - Parameter level: 0 (stored) to 9; others are brought into that range.
  init(_ sink: any ByteSink, level: Int, threadCount: Int) {
    output = HashingSink(sink)
    self.level = min(max(level, 0), 9)
    maximumThreadCount = min(max(threadCount, 1), 16)
    current = GzipMember()
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

  /// Begins a new member, unless one has just begun; returns its place among all.
  func cut() throws -> Int {
    if !current.isEmpty { try submitCurrent() }
    return submittedCount
  }

  /// Writes all that there is.
  func flush() throws {
    _ = try cut()
    while !inFlight.isEmpty { try collectFirst() }
  }

  /// Writes a member that was made elsewhere; all others must be written.
  func append(_ member: [UInt8]) throws {
    offsets.append(output.size)
    try member.withUnsafeBytes { try output.write($0) }
  }

  func finish() throws {
    if threads.isEmpty {
      try current.compress(with: DeflateCodecs(level: level))
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

  private func enqueue(_ member: GzipMember) {
    submittedCount += 1
    inFlight.append(member)
    monitor.update { $0.waiting.append(member) }
  }

  /// Takes results off the line while it waits for a member to become free.
  private func nextFree() throws -> GzipMember {
    while let first = inFlight.first, monitor.update({ $0.finished[ObjectIdentifier(first)] != nil }) {
      try collectFirst()
    }
    if let member = free.popLast() { return member }
    if memberCount < maximumThreadCount + 3 {
      memberCount += 1
      return GzipMember()
    }
    try collectFirst()
    return free.popLast() ?? GzipMember()
  }

  private func collectFirst() throws {
    let member = inFlight.removeFirst()
    try monitor.wait { $0.finished.removeValue(forKey: ObjectIdentifier(member)) }.get()
    try emit(member)
    member.clear()
    free.append(member)
  }

  private func emit(_ member: GzipMember) throws {
    offsets.append(output.size)
    try output.write(member.compressed)
  }

  private func startThread() throws {
    let monitor = monitor
    let level = level
    threads.append(
      Thread(
        try WorkerThread {
          let codecs = Result { try DeflateCodecs(level: level) }
          while let member = Self.take(from: monitor) {
            let result = Result { try member.compress(with: codecs.get()) }
            monitor.update { $0.finished[ObjectIdentifier(member)] = result }
          }
        }))
  }

  private static func take(from monitor: Monitor<State>) -> GzipMember? {
    monitor.wait { state -> GzipMember?? in
      if state.isStopped { return .some(nil) }
      return state.waiting.isEmpty ? nil : .some(state.waiting.removeFirst())
    }
  }
}
