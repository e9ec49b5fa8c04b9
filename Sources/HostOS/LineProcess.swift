import Glibc
import Synchronization
import SystemPackage

/// Runs a program in a session of its own and hands on the lines that it writes, in bounded memory. Nothing of its
/// process group is left when it has ended.
public struct LineProcess: Sendable {
  public enum Stream: Sendable, Hashable { case output, errorOutput }

  /// Why the program was told to end.
  public enum Stop: Sendable, Hashable {
    case cancelled, deadline
    /// A line of its standard output is longer than the limit.
    case lineTooLong
  }

  public struct Outcome: Sendable, Hashable {
    public var ending: SessionChild.Ending
    /// Nil: it ended by itself.
    public var stop: Stop?
    /// Whether SIGTERM was not enough.
    public var wasKilled: Bool

    public init(ending: SessionChild.Ending, stop: Stop?, wasKilled: Bool) {
      self.ending = ending
      self.stop = stop
      self.wasKilled = wasKilled
    }
  }

  public var command: SessionChild.Command
  public var input: [UInt8]
  /// What it has to put things in order between SIGTERM and SIGKILL.
  public var grace: Duration
  /// The longest line, in bytes; longer ones come in pieces.
  public var lineLimit: Int
  /// Whether a longer line of the standard output ends the program instead.
  public var stopsAtLongLines = false

  public init(
    _ command: SessionChild.Command, input: [UInt8] = [], grace: Duration = .seconds(10), lineLimit: Int = 4 << 20
  ) {
    self.command = command
    self.input = input
    self.grace = grace
    self.lineLimit = lineLimit
  }

  /// Cancelling the task ends the program; how that went is in the outcome.
  /// - Parameters:
  ///   - deadline: when it is ended.
  ///   - body: gets lines without their line feeds, also the last one that has none; called one at a time, from a thread
  ///     of its own, until `run` returns.
  /// - Throws: `HostError` when it cannot be started.
  public func run(
    deadline: ContinuousClock.Instant? = nil, _ body: @escaping @Sendable ([UInt8], Stream) -> Void
  ) async throws -> Outcome {
    let stop = Stopper(try NotifyingPipe())
    let timer = deadline.map { deadline in
      Task {
        try await Task.sleep(until: deadline, clock: .continuous)
        stop.stop(.deadline)
      }
    }
    defer { timer?.cancel() }
    return try await withTaskCancellationHandler {
      try await Blocking.run { try carryOut(stop, body) }
    } onCancel: {
      stop.stop(.cancelled)
    }
  }

  /// Blocks.
  private func carryOut(_ stop: Stopper, _ body: @escaping @Sendable ([UInt8], Stream) -> Void) throws -> Outcome {
    let pipes = (output: try NotifyingPipe(), errors: try NotifyingPipe())
    let file = try Files.inMemory(input, called: "input")
    let child: SessionChild
    do {
      defer { try? file.close() }
      child = try start(input: file, output: pipes.output.writeEnd, errors: pipes.errors.writeEnd)
    }
    let streams: [(Stream, NotifyingPipe)] = [(.output, pipes.output), (.errorOutput, pipes.errors)]
    let lines = streams.map { stream, _ in
      LineSplitter(limit: lineLimit, breaks: stopsAtLongLines && stream == .output) { body($0, stream) }
    }
    let outputs = zip(streams, lines).map { stream, lines in
      SessionChild.Output(stream.1.readEnd) { bytes in
        lines.append(bytes)
        if lines.isBroken { stop.stop(.lineTooLong) }
      }
    }
    let result = child.wait(reading: outputs, cancellation: stop.pipe.readEnd, grace: grace, endsGroup: true)
    for splitter in lines { splitter.finish() }
    withExtendedLifetime(pipes) {}
    return Outcome(ending: result.ending, stop: stop.reason, wasKilled: result.wasKilled)
  }

  /// A file that was written just now may still be open in a process that is about to become another one.
  private func start(
    input: FileDescriptor, output: FileDescriptor, errors: FileDescriptor
  ) throws -> SessionChild {
    for _ in 0..<50 {
      do { return try SessionChild(command, input: input, output: output, errorOutput: errors) } catch let error
        as HostError where error.errno == .textFileBusy
      { usleep(10_000) }
    }
    return try SessionChild(command, input: input, output: output, errorOutput: errors)
  }

  /// Tells the child to end, once, and remembers why.
  private final class Stopper: Sendable {
    let pipe: NotifyingPipe
    private let state = Mutex<Stop?>(nil)

    init(_ pipe: NotifyingPipe) { self.pipe = pipe }

    var reason: Stop? { state.withLock { $0 } }

    func stop(_ reason: Stop) {
      let isFirst = state.withLock { state in
        defer { state = state ?? reason }
        return state == nil
      }
      if isFirst { pipe.notify() }
    }
  }
}

/// Cuts a stream into lines.
private final class LineSplitter {
  private let limit: Int
  /// Whether a line that is too long ends it all.
  private let breaks: Bool
  private let body: ([UInt8]) -> Void
  private var pending: [UInt8] = []
  private(set) var isBroken = false

  init(limit: Int, breaks: Bool, _ body: @escaping ([UInt8]) -> Void) {
    self.limit = limit
    self.breaks = breaks
    self.body = body
  }

  func append(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !isBroken, let end = rest.firstIndex(of: 0x0A) {
      add(rest[..<end])
      if !isBroken { flush() }
      rest = rest[(end + 1)...]
    }
    if !isBroken { add(rest) }
  }

  func finish() {
    if !pending.isEmpty { flush() }
  }

  private func add(_ bytes: Slice<UnsafeRawBufferPointer>) {
    var rest = bytes
    while pending.count + rest.count > limit {
      if breaks {
        isBroken = true
        return pending.removeAll()
      }
      let piece = rest.prefix(limit - pending.count)
      pending += piece
      flush()
      rest = rest.dropFirst(piece.count)
    }
    pending += rest
  }

  private func flush() {
    body(pending)
    pending.removeAll(keepingCapacity: true)
  }
}
