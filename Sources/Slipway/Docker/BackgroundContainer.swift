import Builder
import Diagnostics
public import HostOS
import OCI
public import SystemPackage

/// A container that runs in the background: the process that keeps it, a record, and a file with its output.
///
/// A lock says whether it is running; it ends with the process.
public struct BackgroundContainer: Sendable {
  struct Record: Sendable, Codable {
    var container: DockerContainer.Record
    var process: Int32
    var removesItself: Bool
  }

  /// The variable by which a process knows that it is to keep a container: its ID.
  public static let variable = "SLIPWAY_CONTAINER"

  /// The variable with the folder of names that the pipeline had which started it; the container ends with that.
  private static let pipelineVariable = "SLIPWAY_CONTAINER_PIPELINE"

  let folder: FilePath

  /// What the process that keeps it has to know.
  public static func environment(_ environment: Environment, id: String) -> Environment {
    var copy = environment
    copy.variables[variable] = id
    copy.variables[pipelineVariable] = ShimFolder.current(environment)?.string
    return copy
  }

  /// Runs `body` for as long as the pipeline is there which the container belongs to.
  static func withinPipeline<Result: Sendable>(
    _ environment: Environment, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    guard let pipeline = environment.nonEmpty(pipelineVariable).map({ FilePath($0) }) else { return try await body() }
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        while (try? FileStatus.ifExists(pipeline)) != nil { try await Task.sleep(for: .milliseconds(300)) }
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let result = first else { throw CancellationError() }
      return result
    }
  }

  static func parent(_ store: BuildStore) -> FilePath { store.root.appending("docker").appending("containers") }

  public init(_ id: String, _ bench: Workbench) { folder = Self.parent(bench.store).appending(id) }

  init(folder: FilePath) { self.folder = folder }

  /// Gets what the container writes.
  public var log: FilePath { folder.appending("log") }
  private var recordPath: FilePath { folder.appending("record.json") }
  private var lockPath: FilePath { folder.appending("lock") }

  var isRunning: Bool { (try? FileLock.isHeld(lockPath)) ?? false }

  /// Nil when it has not begun.
  var record: Record? {
    guard let bytes = try? Files.read(recordPath) else { return nil }
    return try? JSONDocument.decode(Record.self, from: bytes, called: "record of a container")
  }

  // MARK: The process that asks for it

  /// Makes a place for it.
  /// - Throws: `HostError`.
  public func prepare() throws { try Files.createDirectories(folder) }

  /// Whether it runs, or has run.
  public var hasBegun: Bool { (try? FileStatus.ifExists(recordPath)) != nil }

  public func discard() { try? Files.removeTree(folder) }

  // MARK: The process that keeps it

  /// Says that it runs, for as long as the result is held.
  func begin(_ container: DockerContainer.Record, removesItself: Bool) throws -> HeldLock? {
    guard let lock = try FileLock.ifFree(lockPath) else { return nil }
    let held = HeldLock(lock)
    try write(Record(container: container, process: ProcessNumber.own, removesItself: removesItself))
    return held
  }

  /// Writes down how it ended, or takes it away if nobody wants to know.
  func end(exitCode: Int32) throws {
    guard var record else { return }
    if record.removesItself { return try Files.removeTree(folder) }
    record.container.exitCode = exitCode
    try write(record)
  }

  private func write(_ record: Record) throws {
    try Files.writeAtomically(try JSONDocument.encode(record), to: recordPath, isDurable: false)
  }

  // MARK: Others

  /// Asks it to end, and waits until it has.
  /// - Throws: `DockerError` when it does not.
  func stop() async throws {
    guard isRunning, let record else { return }
    DetachedProcess.terminate(record.process)
    let deadline = ContinuousClock.now + .seconds(20)
    while isRunning {
      guard ContinuousClock.now < deadline else {
        throw DockerError.daemon("cannot stop container: \(record.container.id): it does not end")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
