import BuildPlanning
import Builder
import Diagnostics
import HostOS
import OCI
import Registry
import Sandbox
import SystemPackage

/// `docker run`: a command in the files of an image, in the foreground.
public struct DockerRun: Sendable {
  private let request: DockerRunRequest
  private let bench: Workbench
  private let access: ImageAccess
  /// Of the container: 64 hexadecimal digits.
  public let id: String
  /// Whether this process keeps the container for others.
  private let isBackground: Bool

  /// - Throws: `DockerError`, `RegistryError`.
  public init(_ request: DockerRunRequest, _ bench: Workbench) throws {
    self.request = request
    self.bench = bench
    access = try ImageAccess(bench)
    let given = bench.environment.nonEmpty(BackgroundContainer.variable)
    id = given ?? DockerContainers.makeID()
    isBackground = given != nil
    guard ["missing", "always", "never"].contains(request.pull) else {
      throw DockerError("docker: invalid pull option: '\(request.pull)'", exitCode: .init(rawValue: 125))
    }
    guard [nil, "", "default", "bridge", "host", "none"].contains(request.network) else {
      throw DockerError.container("network \(request.network ?? "") not found")
    }
  }

  /// - Parameter begin: called when the command is about to run.
  /// - Throws: `DockerError` with docker's exit codes; `CancellationError`.
  public func run(_ begin: () throws -> Void = {}) async throws -> DockerRunOutcome {
    if let code = try await bench.enterUserNamespace(.auto) { return .delegated(code) }
    let containers = DockerContainers(bench)
    if let name = request.name { try containers.checkFree(name) }
    let use = try await StoreUse(of: bench.store)
    defer { use.end() }
    // Whoever started this process has seen to the image.
    let image = try await image(pull: isBackground ? "missing" : request.pull)
    let operation = try operation(image)
    let session = try session()
    try begin()
    let record = DockerContainer.Record(
      id: id, name: request.name, image: request.image, command: operation.arguments)
    let background = isBackground ? BackgroundContainer(id, bench) : nil
    let lock = try background?.begin(record, removesItself: !request.keepsChanges)
    defer { lock?.release() }
    do {
      let code =
        isBackground
        ? try await BackgroundContainer.withinPipeline(bench.environment) {
          try await run(operation, image, session, record)
        } : try await run(operation, image, session, record)
      try background?.end(exitCode: code)
      return .ended(.init(rawValue: code))
    } catch {
      let code = (error as? DockerError)?.exitCode.rawValue ?? (error is CancellationError ? 137 : 125)
      try background?.end(exitCode: code)
      throw error
    }
  }

  /// Makes sure that the image is in the store, for another process that runs the command.
  /// - Throws: as `run` does.
  public func fetchImage() async throws { _ = try await image(pull: request.pull) }

  private func image(pull: String) async throws -> ResolvedImage {
    try await DockerImageLookup(bench, access).image(request.image, platform: request.platform, pull: pull)
  }

  private func run(
    _ operation: ExecOperation, _ image: ResolvedImage, _ session: ContainerSession, _ record: DockerContainer.Record
  ) async throws -> Int32 {
    let result = try await run(operation, image, session)
    if request.keepsChanges {
      var ended = record
      ended.exitCode = result.status.shellCode
      try DockerContainers(bench).keep(image, layer: result.layer, ended)
    }
    return result.status.shellCode
  }

  private func run(
    _ operation: ExecOperation, _ image: ResolvedImage, _ session: ContainerSession
  ) async throws -> ContainerRun.Result {
    let registry = access.registry
    let container = ContainerRun(
      store: bench.store, blobs: { registry.blobs(of: $0) }, progress: bench.progress)
    do { return try await container.run(operation, of: image, session) } catch let error as SandboxError {
      throw Self.error(error, operation)
    }
  }

  /// Docker's words and exit code for a command that cannot be run.
  private static func error(_ error: SandboxError, _ operation: ExecOperation) -> any Error {
    let name = operation.arguments.first ?? ""
    switch error.cause {
    case .commandNotFound:
      return DockerError.container("exec: \"\(name)\": executable file not found in $PATH", exitCode: 127)
    case .interpreterNotFound(let path):
      return DockerError.container("exec \(path): no such file or directory", exitCode: 127)
    case .commandNotExecutable(let path, let errno):
      return DockerError.container("exec: \"\(path)\": \(errno.description.lowercased())", exitCode: 126)
    default: return DockerError(DiagnosticRenderer().render(error.diagnostics), exitCode: .init(rawValue: 125))
    }
  }

  // MARK: What is run

  private func operation(_ image: ResolvedImage) throws -> ExecOperation {
    let config = image.config.config ?? RuntimeConfig()
    var command = config.entrypoint ?? []
    if let entrypoint = request.entrypoint {
      // With an entrypoint of its own the image's command makes no sense.
      command = (entrypoint.isEmpty ? [] : [entrypoint]) + request.arguments
    } else {
      command += request.arguments.isEmpty ? config.cmd ?? [] : request.arguments
    }
    guard !command.isEmpty else { throw DockerError.container("no command specified") }
    var operation = ExecOperation(
      root: nil, platform: image.config.platform, arguments: command, environment: environment(config))
    operation.workingDirectory = request.workingDirectory ?? config.workingDir.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
    guard operation.workingDirectory.hasPrefix("/") else {
      throw DockerError.container(
        "the working directory '\(operation.workingDirectory)' is invalid, it needs to be an absolute path")
    }
    operation.user = request.user ?? config.user ?? ""
    operation.network = request.network == "none" ? .none : .host
    var surroundings = BuildRequest(context: ".")
    surroundings.hosts = request.hosts.map { $0.replacing("host-gateway", with: "127.0.0.1") }
    surroundings.sharedMemorySize = request.sharedMemorySize
    surroundings.limits = request.limits
    operation.surroundings = try ExecSurroundings(surroundings)
    return operation
  }

  /// The image's, with what docker adds, with what was asked for.
  private func environment(_ config: RuntimeConfig) -> [String] {
    var variables: [(name: Substring, text: String)] = []
    func set(_ text: String) {
      let name = text.prefix { $0 != "=" }
      variables.removeAll { $0.name == name }
      if text.contains("=") { variables.append((name, text)) }
    }
    set("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    set("HOSTNAME=\(hostName)")
    if request.wantsTerminal { set("TERM=xterm") }
    for text in config.env ?? [] { set(text) }
    for text in request.environment { set(text) }
    return variables.map(\.text)
  }

  private var hostName: String { request.hostName ?? String(id.prefix(12)) }

  private func session() throws -> ContainerSession {
    let terminal =
      request.wantsTerminal && request.isInteractive
      ? SandboxTerminal(input: bench.input, output: bench.output, kind: bench.environment["TERM"]) : nil
    let output = bench.output
    return ContainerSession(
      mounts: try DockerMounts(request).mounts, hostName: hostName,
      input: request.isInteractive ? bench.input : nil, terminal: terminal, keepsChanges: request.keepsChanges
    ) { stream, bytes in
      // Whoever closed it does not want to know.
      _ = try? (stream == .standardOutput ? output : .standardError).writeAll(bytes)
    }
  }
}
