import DeployPlugins
import Diagnostics
import HostOS
import JSON
import Synchronization
import SystemPackage

/// A command that has to end with 0. It finds the images in its environment, as commands of hand-offs do.
struct CommandCheck: Sendable {
  private let words: [String]
  private let request: PluginRequest
  private let context: PluginContext

  init(_ words: [String], _ request: PluginRequest, _ context: PluginContext) {
    self.words = words
    self.request = request
    self.context = context
  }

  /// What a command gets, however late it is begun.
  private static let least = Duration.seconds(10)

  /// Nil when it passes.
  func reason(until end: ContinuousClock.Instant) async throws -> String? {
    var variables = context.environment.variables.filter { !$0.key.hasPrefix("AWS_") || $0.key == "AWS_REGION" }
    variables["PATH"] = variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    variables["SLIPWAY_DEPLOYMENT_ID"] = request.id
    variables["SLIPWAY_REGION"] = request.region
    for (name, image) in request.images {
      let suffix = String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
      variables["SLIPWAY_IMAGE_\(suffix)"] = image.reference
      variables["SLIPWAY_DIGEST_\(suffix)"] = image.digest
    }
    let folders = words[0].contains("/") ? [""] : (variables["PATH"] ?? "").split(separator: ":").map { "\($0)/" }
    var lastReason = "there is no program \(words[0])"
    for folder in folders {
      let command = SessionChild.Command(
        FilePath(folder + words[0]), Array(words.dropFirst()),
        environment: variables.map { "\($0.key)=\($0.value)" }.sorted(), directory: ".")
      let last = Mutex("")
      let context = context
      let outcome: LineProcess.Outcome
      do {
        outcome = try await LineProcess(command).run(deadline: max(end, .now + Self.least)) { bytes, stream in
          let line = String(decoding: bytes, as: UTF8.self)
          last.withLock { $0 = line }
          context.log(line, stream: stream == .output ? .stdout : .stderr, source: "verify")
        }
      } catch let error as HostError {
        if error.errno == .noSuchFileOrDirectory { continue }
        return error.diagnostics.first?.message
      }
      try Task.checkCancellation()
      if outcome.ending.succeeded { return nil }
      let said = last.withLock { $0 }
      let how =
        switch outcome.ending {
        case .exited(let code): "it ended with exit code \(code)"
        case .signaled(let signal): "it was ended by signal \(signal)"
        }
      lastReason = said.isEmpty ? how : "\(how): \(said)"
      break
    }
    return lastReason
  }
}
