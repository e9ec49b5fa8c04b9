/// Something that happened during a step of our work, for people who watch. Events of one step come in order;
/// those of different steps mix.
public struct ProgressEvent: Sendable {
  public enum Kind: Sendable {
    /// The step is known and runs now. The name is BuildKit's kind of title: `[build 2/5] RUN make`.
    case started(name: String)
    /// The result was there already.
    case cached
    /// What a command wrote, or what the step has to say.
    case log(stream: LogStream, bytes: [UInt8])
    /// How far a transfer has come; `total` is nil where it is not known. In bytes.
    case transfer(name: String, completed: Int64, total: Int64?)
    /// What the step does now, on one line, and how far it has come in whatever it counts.
    case told(message: String?, completed: Double?, total: Double?)
    case finished
    /// The step failed. The message is one line; the diagnostic follows with the error that ends the work.
    case failed(message: String)
    /// Something to tell that does not end the work.
    case diagnostic(Diagnostic)
  }

  public enum LogStream: Int, Sendable { case output = 1, error = 2 }

  /// Numbers steps from 1 in the order in which they started.
  public var step: Int
  /// Since the work began.
  public var time: Duration
  public var kind: Kind

  public init(step: Int, time: Duration, kind: Kind) {
    self.step = step
    self.time = time
    self.kind = kind
  }
}

/// Where events go: a renderer, a file, a test's list. Called from any thread.
public protocol ProgressSink: Sendable {
  func receive(_ event: ProgressEvent)
}

/// Forgets all events.
public struct SilentProgress: ProgressSink {
  public init() {}
  public func receive(_ event: ProgressEvent) {}
}
