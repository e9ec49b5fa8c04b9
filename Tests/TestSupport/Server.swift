internal import HostOS
internal import Subprocess
internal import SystemPackage

/// A program that serves for as long as a closure runs.
struct Server {
  var command: [String]
  var environment: [String: String]
  /// Where its output goes.
  var log: FilePath
  /// How long it may take to begin.
  var patience = Duration.seconds(20)

  /// The shell ends the server when its standard input ends, so also when this process is killed.
  private static let keeper = """
    "$@" </dev/null &
    server=$!
    trap 'kill "$server" 2>/dev/null' TERM
    cat >/dev/null
    kill "$server" 2>/dev/null
    wait "$server"
    """

  /// Starts it and calls `body` with what `ready` finds in its log. The server has ended when this returns.
  /// - Throws: `TestSupportError` with the log when it is not ready in time, and what `body` throws.
  func serve<Ready, Result: Sendable>(
    ready: (String) -> Ready?, _ body: (Ready) async throws -> Result
  ) async throws -> Result {
    guard let program = command.first else {
      throw TestSupportError("server-failed", "there is no command")
    }
    let executable = try Tool.find(program).string
    let output = try Files.open(
      log, .writeOnly, options: [.create, .append], permissions: FilePermissions(rawValue: 0o644))
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
    ]
    let variables = Dictionary(
      uniqueKeysWithValues: environment.map {
        (Subprocess.Environment.Key(stringLiteral: $0.key), $0.value)
      })
    let outcome = try await Subprocess.run(
      .path("/bin/sh"),
      arguments: Arguments(["-c", Self.keeper, "sh", executable] + command.dropFirst()),
      environment: .custom(variables),
      platformOptions: options,
      input: .inputWriter,
      output: .fileDescriptor(output, closeAfterSpawningProcess: true),
      error: .combinedWithOutput
    ) { _ in
      try await body(await waitUntil(ready))
    }
    return outcome.closureResult
  }

  private func waitUntil<Ready>(_ ready: (String) -> Ready?) async throws -> Ready {
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    while true {
      let text = String(decoding: try Files.read(log), as: UTF8.self)
      if let value = ready(text) { return value }
      guard clock.now < deadline else {
        throw TestSupportError(
          "server-failed", "\(command[0]) was not ready within \(patience.components.seconds) seconds", notes: [text])
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// The port in the line `listening on 127.0.0.1:PORT`, which ends with a blank, a comma or a quotation mark.
  static func listeningPort(in log: String) -> Int? {
    guard let range = log.firstRange(of: "listening on 127.0.0.1:") else { return nil }
    let rest = log[range.upperBound...]
    let digits = rest.prefix(while: \.isNumber)
    // The line may have been written in part only.
    return digits.endIndex == rest.endIndex ? nil : Int(digits)
  }
}
