public import Diagnostics
public import HostOS
public import JSON
import Synchronization
public import SystemPackage

/// Runs plugins: one process for each operation, in a session and an environment of its own (deploy protocol 1).
public struct PluginHost: Sendable {
  /// How long a plugin may take.
  public struct Limits: Sendable {
    public var describe = Duration.seconds(10)
    public var plan = Duration.seconds(15 * 60)
    public var other = Duration.seconds(24 * 3600)

    public init() {}
  }

  /// What a plugin tells meanwhile.
  public enum Event: Sendable {
    case message(PluginMessage)
    /// A line of its standard error.
    case errorLine(String)
  }

  /// Where what a plugin may see of the environment comes from.
  public var environment: Environment
  /// In which plugins begin.
  public var folder: FilePath
  public var limits = Limits()
  /// Beside those of the environment.
  public var secrets: [String] = []
  /// Whether known secrets are hidden; only the conformance kit wants to see them.
  var masks = true

  public init(environment: Environment, folder: FilePath) {
    self.environment = environment
    self.folder = folder
  }

  /// Hides the known secrets.
  public var mask: SecretMask {
    guard masks else { return SecretMask() }
    return SecretMask((PluginEnvironment.secrets(environment) + secrets).map { Array($0.utf8) })
  }

  /// Asks a plugin what it is.
  /// - Throws: `PluginError`, `HostError`, `CancellationError`.
  public func describe(_ plugin: LocatedPlugin) async throws -> PluginDescription {
    let answer = try await run(.describe, plugin, input: [], credentials: [], limit: limits.describe) { _ in }
    let description: PluginDescription
    do { description = try answer.decode(PluginDescription.self) } catch {
      throw PluginError.brokenProtocol(plugin, "its description cannot be read: \(error)", [])
    }
    guard description.protocols.contains(1) else {
      let spoken = description.protocols.map(String.init).joined(separator: ", ")
      throw PluginError(
        "plugin-protocol", "the plugin \(plugin.name) speaks version \(spoken) of the deploy protocol",
        help: ["install a version of it that speaks 1, or a newer slipway"], exitCode: .pluginProtocol)
    }
    return description
  }

  /// Carries out an operation.
  /// - Parameters:
  ///   - configuration: where what the request has is written, for errors.
  ///   - limit: how long it may take; nil is the usual.
  /// - Returns: its result, with known secrets masked.
  /// - Throws: `PluginError`; `HostError` when it cannot be started.
  public func run(
    _ request: PluginRequest, _ plugin: LocatedPlugin, _ description: PluginDescription,
    _ configuration: PluginConfiguration, limit: Duration? = nil, _ events: @escaping @Sendable (Event) -> Void
  ) async throws -> JSONValue {
    guard description.operations.contains(request.operation) else {
      throw PluginError(
        "unknown-operation", "the plugin \(plugin.name) does not offer \(request.operation.rawValue)",
        help: ["its operations are \(description.operations.map(\.rawValue).joined(separator: ", "))"])
    }
    let usual = request.operation == .plan ? limits.plan : limits.other
    do {
      return try await run(
        request.operation, plugin, input: Array((request.json.text + "\n").utf8), credentials: description.credentials,
        grace: .seconds(description.cancelGraceSeconds ?? 10), limit: limit ?? usual, events)
    } catch let failure as PluginFailure { throw PluginError(failure, of: plugin.name, configuration) }
  }

  /// - Throws: `PluginFailure` that the plugin told, `PluginError`, `HostError`.
  func run(
    _ operation: PluginOperation, _ plugin: LocatedPlugin, input: [UInt8], credentials: [PluginCredential],
    grace: Duration = .seconds(2), limit: Duration, _ events: @escaping @Sendable (Event) -> Void
  ) async throws -> JSONValue {
    try Task.checkCancellation()
    let process = process(plugin, [operation.rawValue], input: input, credentials: credentials, grace: grace)
    let conversation = Mutex(PluginConversation(operation, mask: mask))
    let outcome = try await process.run(deadline: .now + limit) { line, stream in
      switch stream {
      case .output:
        if let message = conversation.withLock({ $0.take(line) }) { events(.message(message)) }
      case .errorOutput: events(.errorLine(conversation.withLock { $0.takeError(line) }))
      }
    }
    let ended = conversation.withLock { $0 }
    switch ended.end(outcome, limit: limit) {
    case .result(let value): return value
    case .failure(let failure): throw failure
    case .broken(let what): throw PluginError.brokenProtocol(plugin, what, ended.lastErrors)
    }
  }

  /// A plugin's process, before it is started.
  func process(
    _ plugin: LocatedPlugin, _ arguments: [String], input: [UInt8], credentials: [PluginCredential], grace: Duration
  ) -> LineProcess {
    var command = SessionChild.Command(
      plugin.path, arguments,
      environment: PluginEnvironment.clean(environment, credentials).variables.map { "\($0.key)=\($0.value)" },
      directory: folder)
    if plugin.isBuiltIn { command.name = LocatedPlugin.prefix + plugin.name }
    var process = LineProcess(command, input: input, grace: grace)
    process.stopsAtLongLines = true
    return process
  }
}
