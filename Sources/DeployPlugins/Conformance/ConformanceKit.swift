import Diagnostics
public import HostOS
import JSON
import Synchronization
public import SystemPackage

/// Tries whether a plugin does what deploy protocol 1 wants of it.
public struct ConformanceKit: Sendable {
  /// What it may be tried with: something that may really be changed.
  public struct Trial: Sendable {
    public var configuration: PluginConfiguration
    public var images: [String: PluginImage]

    public init(configuration: PluginConfiguration, images: [String: PluginImage] = [:]) {
      self.configuration = configuration
      self.images = images
    }
  }

  let plugin: LocatedPlugin
  private let host: PluginHost
  /// How long an answer to something simple may take.
  public var patience = Duration.seconds(10)
  private static let secret = "conformance-kit-secret-0123456789abcdef"

  public init(_ plugin: LocatedPlugin, environment: Environment, folder: FilePath) {
    self.plugin = plugin
    var environment = environment
    // Without a key of one's own a made-up one shows whether it is echoed.
    if environment.nonEmpty("AWS_SECRET_ACCESS_KEY") == nil, environment.nonEmpty("AWS_PROFILE") == nil {
      environment.variables["AWS_ACCESS_KEY_ID"] = "AKIACONFORMANCEKIT00"
      environment.variables["AWS_SECRET_ACCESS_KEY"] = Self.secret
    }
    host = PluginHost(environment: environment, folder: folder)
  }

  /// - Parameter trial: nil leaves out what changes something.
  /// - Throws: `HostError` when it cannot be started; `CancellationError`.
  public func run(_ trial: Trial? = nil) async throws -> ConformanceReport {
    var report = ConformanceReport(plugin: plugin.name)
    var description: PluginDescription?
    try await check("describe answers with a description of protocol 1", &report) {
      description = try await host.describe(plugin)
      return nil
    }
    guard let description else { return report }
    report.checks += described(description)
    try await check("an unknown operation ends with an error and 1", &report) {
      try await expectError(["conformance-kit-operation"], Array("{\"protocol\":1}\n".utf8))
    }
    let operation = description.operations.first { $0 != .describe }?.rawValue ?? "plan"
    let wrong: [(String, String)] = [
      ("garbage on standard input ends with an error and 1", "\u{1}garbage {\n"),
      ("an empty standard input ends with an error and 1", ""),
      (
        "a request of another protocol ends with an error and 1",
        "{\"protocol\":99,\"operation\":\"\(operation)\",\"id\":\"check\",\"images\":{},\"config\":{},\"dryRun\":true}\n"
      ),
    ]
    for (name, input) in wrong {
      try await check(name, &report) { try await expectError([operation], Array(input.utf8)) }
    }
    try await conversation(description, trial, &report)
    return report
  }

  /// The host as it is, but for what it hides.
  var unmasked: PluginHost {
    var host = host
    host.masks = false
    return host
  }

  // MARK: Checks

  func check(
    _ name: String, _ report: inout ConformanceReport, _ body: () async throws -> String?
  ) async throws {
    var problem: String?
    do { problem = try await body() } catch let error as any DiagnosticError {
      let diagnostic = error.diagnostics[0]
      problem = ([diagnostic.message] + diagnostic.notes.map(\.message)).joined(separator: "\n         ")
    }
    try Task.checkCancellation()
    report.checks.append(.init(name: name, problem: problem))
  }

  /// What can be seen from the description alone.
  private func described(_ description: PluginDescription) -> [ConformanceReport.Check] {
    let schema = JSONSchema(description.configSchema)
    let mistakes = schema.problems.map { "\($0.pointer): \($0.message)" }
    let file = plugin.isBuiltIn ? description.name : plugin.name
    let missing = [PluginOperation.describe, .plan, .apply].filter { !description.operations.contains($0) }
    func check(_ name: String, _ problem: String?) -> ConformanceReport.Check { .init(name: name, problem: problem) }
    return [
      check(
        "its name is that of its file",
        description.name == file || !LocatedPlugin.isNamed(plugin.path)
          ? nil : "it calls itself \(description.name), and its file \(file)"),
      check(
        "it offers describe, plan and apply",
        missing.isEmpty ? nil : "it does not offer \(missing.map(\.rawValue).joined(separator: ", "))"),
      check(
        "its schema is a JSON Schema that the host knows", mistakes.isEmpty ? nil : mistakes.joined(separator: "; ")),
      check(
        "it has a version and a summary",
        description.version.isEmpty || description.summary.isEmpty ? "one of them is empty" : nil),
    ]
  }

  /// Runs it with what is wrong: it has to say so.
  private func expectError(_ arguments: [String], _ input: [UInt8]) async throws -> String? {
    let conversation = Mutex(PluginConversation(.describe, mask: SecretMask()))
    let process = host.process(plugin, arguments, input: input, credentials: [.aws], grace: .seconds(2))
    let outcome = try await process.run(deadline: .now + patience) { line, stream in
      conversation.withLock { conversation in
        if stream == .output { _ = conversation.take(line) } else { _ = conversation.takeError(line) }
      }
    }
    let ended = conversation.withLock { $0 }
    if case .failure? = ended.answer, outcome.ending == .exited(1), outcome.stop == nil { return nil }
    if case .result? = ended.answer, outcome.ending == .exited(0) { return "it took it, with a result" }
    switch ended.end(outcome, limit: patience) {
    case .result: return "it took it, with a result"
    case .failure(let failure): return "it says: \(failure.message)"
    case .broken(let what): return what
    }
  }
}

extension LocatedPlugin {
  /// Whether a file has a name that plugins are found by.
  static func isNamed(_ path: FilePath) -> Bool { path.lastComponent?.string.hasPrefix(prefix) == true }
}
