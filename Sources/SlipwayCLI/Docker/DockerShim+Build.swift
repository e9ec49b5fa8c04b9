import Diagnostics
import DockerCommandLine
import HostOS
import OCI
import Slipway
import SystemPackage

/// `docker build`.
extension DockerShim {
  func build() async throws -> Diagnostics.ExitCode {
    let request = try buildRequest()
    let style = invocation["progress"] ?? environment.nonEmpty("BUILDKIT_PROGRESS") ?? "auto"
    guard ["auto", "plain", "tty", "quiet", "rawjson", "none"].contains(style) else {
      throw DockerError("ERROR: invalid progress mode \(style)")
    }
    guard style != "rawjson" else { throw DockerError("ERROR: progress rawjson is not available: write plain") }
    let isQuiet = invocation.has("quiet") || ["quiet", "none"].contains(style)
    let bench = try bench(quiet: isQuiet)
    switch try await Build(request, bench).run() {
    case .delegated(let code): return .init(rawValue: code == 0 ? 0 : 1)
    case .answered(let answer):
      Self.write(try answer.rendered(as: callFormat))
      return answer.exitCode == .success ? .success : .failure
    case .built(let result): try finish(result, bench)
    }
    return .success
  }

  private func finish(_ result: BuildResult, _ bench: Workbench) throws {
    if result.names.isEmpty { try DockerImages(bench).keep(result.descriptor) }
    if let file = invocation["iidfile"] {
      try Files.writeAnswer(Array(result.imageID.description.utf8), to: FilePath(file))
    }
    if let file = invocation["metadata-file"] {
      try Files.writeAnswer(JSONDocument.encode(result.metadata, pretty: true), to: FilePath(file))
    }
    let step = bench.progress.begin("naming the image")
    step.log("writing image \(result.imageID) done")
    for name in result.names { step.log("naming to \(name.withDefaultTag) done") }
    step.finish()
    if invocation.has("quiet"), !result.usedStandardOutput { say(result.imageID.description) }
  }

  private func buildRequest() throws -> BuildRequest {
    var request = BuildRequest(context: invocation.arguments[0])
    request.dockerfile = invocation["file"]
    request.tags = invocation.list("tag")
    request.buildArguments = invocation.list("build-arg")
    request.labels = invocation.list("label")
    request.annotations = invocation.list("annotation")
    request.buildContexts = invocation.list("build-context")
    request.secrets = invocation.list("secret")
    request.agents = invocation.list("ssh")
    request.target = invocation["target"].flatMap { $0.isEmpty ? nil : $0 }
    request.platforms = platforms(invocation.list("platform"))
    request.outputs = outputs
    request.pushes = invocation.has("push")
    request.cacheImports = invocation.list("cache-from").filter { !$0.isEmpty }
    request.cacheExports = invocation.list("cache-to").filter { !$0.isEmpty }
    request.ignoresCache = invocation.has("no-cache")
    request.stagesWithoutCache = invocation.list("no-cache-filter")
    request.pullsAlways = invocation.has("pull")
    request.network = invocation["network"].flatMap { $0.isEmpty ? nil : $0 } ?? "default"
    request.hosts = invocation.list("add-host")
    request.sharedMemorySize = invocation["shm-size"]
    request.limits = invocation.list("ulimit")
    request.call = try call
    return request
  }

  /// `local` is this machine; where nothing is said, `DOCKER_DEFAULT_PLATFORM` may say it.
  func platforms(_ texts: [String]) -> [String] {
    let given = texts.filter { !$0.isEmpty }
    let wanted = given.isEmpty ? [environment.nonEmpty("DOCKER_DEFAULT_PLATFORM")].compactMap { $0 } : given
    return wanted.map { text in
      text.split(separator: ",", omittingEmptySubsequences: false).map {
        $0 == "local" ? Platform.host.description : String($0)
      }.joined(separator: ",")
    }
  }

  /// Without those that mean the store, where the image always goes.
  private var outputs: [String] {
    invocation.list("output").compactMap { text in
      let fields = text.split(separator: ",").map(String.init)
      let hasPlace = fields.contains { $0.hasPrefix("dest=") }
      if fields.contains("type=docker"), !hasPlace { return nil }
      let pushes = fields.contains { ["push=true", "push=1"].contains($0) }
      if fields.contains("type=image"), !pushes { return nil }
      if fields.contains("type=cacheonly") { return nil }
      if fields.contains("type=oci") || fields.contains("type=tar"), !hasPlace { return text + ",dest=-" }
      return text
    }
  }

  private var call: BuildCall {
    get throws {
      if invocation.has("check") { return .check }
      guard let text = invocation["call"] else { return .build }
      let name = text.split(separator: ",").first.map(String.init) ?? ""
      if name == "lint" { return .check }
      guard let call = BuildCall(rawValue: name) else {
        throw DockerError("ERROR: unsupported call \(text): it is build, check, outline or targets")
      }
      return call
    }
  }

  private var callFormat: CheckResult.Format {
    invocation["call"]?.contains("format=json") == true ? .json : .text
  }
}
