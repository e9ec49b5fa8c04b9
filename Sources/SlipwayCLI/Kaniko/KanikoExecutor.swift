import Diagnostics
import DockerCommandLine
import HostOS
import OCI
import Slipway
import SystemPackage

/// kaniko's executor: one build, pushed to its destinations.
struct KanikoExecutor {
  private let invocation: DockerInvocation
  private var environment: Environment

  static func run(_ arguments: [String]) async -> Diagnostics.ExitCode {
    // Its command for version is a word, all else are flags.
    if arguments == ["version"] {
      DockerShim.write("Kaniko version : slipway \(slipwayVersion)\n")
      return .success
    }
    do {
      switch try DockerParser.parse(arguments, of: KanikoTable.command, program: "slipway") {
      case .help(let text): DockerShim.write(text)
      case .version: break
      case .run(let invocation): return try await KanikoExecutor(invocation).run()
      }
      return .success
    } catch let error as DockerUsageError {
      Terminal.tell("Error: \(error.message)\n")
      return .failure
    } catch {
      return DockerShim.report(error)
    }
  }

  private init(_ invocation: DockerInvocation) {
    self.invocation = invocation
    environment = .current
    // Where kaniko's image has the credentials.
    let folder: FilePath = "/kaniko/.docker"
    if environment.nonEmpty("DOCKER_CONFIG") == nil,
      (try? FileStatus(following: folder.appending("config.json"))) != nil
    {
      environment.variables["DOCKER_CONFIG"] = folder.string
    }
  }

  private func run() async throws -> Diagnostics.ExitCode {
    let request = try request()
    let settings = try KanikoRegistries(invocation, environment)
    defer { settings.remove() }
    var environment = environment
    if let file = settings.file { environment.variables["CONTAINERS_REGISTRIES_CONF_OVERRIDE"] = file.string }
    let bench = try Workbench(environment: environment, progress: DockerShim.progress)
    switch try await Build(request, bench).run() {
    case .delegated(let code): return .init(rawValue: code)
    case .answered: return .success
    case .built(let result): try writeDigests(result)
    }
    return .success
  }

  // MARK: Request

  private func request() throws -> BuildRequest {
    var request = BuildRequest(context: try context())
    let isFolder = !request.context.contains("://")
    request.dockerfile = invocation["dockerfile"].map { file in
      // Beside the context, if it is not beside us.
      let path = FilePath(file)
      let isHere = (try? FileStatus(following: path)) != nil
      return !isHere && isFolder && path.isRelative ? FilePath(request.context).pushing(path).string : file
    }
    request.tags = invocation.list("destination")
    let isPushed = !invocation.has("no-push")
    guard !isPushed || !request.tags.isEmpty else {
      throw DockerError("Error: you must provide --destination, or use --no-push")
    }
    request.buildArguments = invocation.list("build-arg")
    request.labels = invocation.list("label")
    request.secrets = invocation.list("secret")
    request.target = invocation["target"].flatMap { $0.isEmpty ? nil : $0 }
    request.platforms = [invocation["custom-platform"] ?? invocation["customPlatform"]].compactMap { $0 }
    if invocation.has("reproducible") { request.timestamp = "0" }
    try addCache(to: &request)
    request.outputs = try outputs(isPushed)
    return request
  }

  private func outputs(_ isPushed: Bool) throws -> [String] {
    var fields = ""
    if let compression = invocation["compression"] { fields += ",compression=\(compression)" }
    if let level = invocation["compression-level"], level != "-1" { fields += ",compression-level=\(level)" }
    var outputs = isPushed ? ["type=registry\(fields)"] : []
    if let file = invocation["tar-path"] ?? invocation["tarPath"] {
      outputs.append("type=docker,dest=\(file)\(fields)")
    }
    if let folder = invocation["oci-layout-path"] { outputs.append("type=oci,tar=false,dest=\(folder)\(fields)") }
    return outputs
  }

  private func addCache(to request: inout BuildRequest) throws {
    guard invocation.has("cache") else {
      request.ignoresCache = true
      return
    }
    // Without a repository the store is the cache.
    guard let repository = invocation["cache-repo"] else { return }
    if let folder = repository.removingPrefix("oci:") {
      request.cacheImports = ["type=local,src=\(folder)"]
      if !invocation.has("no-push-cache") { request.cacheExports = ["type=local,dest=\(folder),mode=max"] }
      return
    }
    let name = try ImageReference(parsing: repository).withDefaultTag
    request.cacheImports = ["type=registry,ref=\(name)"]
    if !invocation.has("no-push-cache"), !invocation.has("no-push") {
      request.cacheExports = ["type=registry,ref=\(name),mode=max"]
    }
  }

  /// `dir://`, `tar://`, `git://` and `https://`, or a folder.
  private func context() throws -> String {
    let text = invocation["context"] ?? "/workspace"
    let sub = invocation["context-sub-path"].flatMap { $0.isEmpty ? nil : $0 }
    if text == "tar://stdin" { return "-" }
    if let file = text.removingPrefix("tar://") { return file }
    if let folder = text.removingPrefix("dir://") { return Self.folder(folder, sub) }
    if let repository = text.removingPrefix("git://") { return try git(repository, sub) }
    if text.hasPrefix("https://") || text.hasPrefix("http://") { return text }
    guard let scheme = text.firstRange(of: "://").map({ text[..<$0.lowerBound] }) else { return Self.folder(text, sub) }
    throw DockerError(
      """
      Error: a context of \(scheme):// is not available: fetch it first, and name it with --context dir://FOLDER or \
      tar://FILE
      """)
  }

  private static func folder(_ path: String, _ sub: String?) -> String {
    sub.map { FilePath(path).pushing(FilePath($0)).string } ?? path
  }

  /// `HOST/PATH#REF#COMMIT` becomes an URL as docker has it, with the folder behind a colon.
  private func git(_ text: String, _ sub: String?) throws -> String {
    let parts = text.split(separator: "#").map(String.init)
    var reference = parts.count > 2 ? parts[2] : parts.count > 1 ? parts[1] : ""
    for field in (invocation["git"] ?? "").split(separator: ",") {
      let pair = field.split(separator: "=", maxSplits: 1).map(String.init)
      if pair.count == 2, pair[0] == "branch", reference.isEmpty { reference = pair[1] }
    }
    let fragment = reference + (sub.map { ":\($0)" } ?? "")
    let host = parts.first ?? ""
    let address = host.hasSuffix(".git") ? host : "\(host).git"
    return "https://\(address)\(fragment.isEmpty ? "" : "#\(fragment)")"
  }

  // MARK: Answers

  private func writeDigests(_ result: BuildResult) throws {
    let digest = result.descriptor.digest.description
    if let file = invocation["digest-file"] { try write([digest], to: file, ending: "") }
    let names = result.names
    if let file = invocation["image-name-with-digest-file"] {
      try write(names.map { "\($0.familiarName)@\(digest)" }, to: file, ending: "\n")
    }
    if let file = invocation["image-name-tag-with-digest-file"] {
      try write(names.map { "\($0.withDefaultTag.familiarDescription)@\(digest)" }, to: file, ending: "\n")
    }
  }

  private func write(_ lines: [String], to file: String, ending: String) throws {
    let path = FilePath(file)
    if !path.removingLastComponent().isEmpty { try Files.createDirectories(path.removingLastComponent()) }
    try Files.writeAnswer(Array(lines.map { $0 + ending }.joined().utf8), to: path)
  }
}

extension String {
  fileprivate func removingPrefix(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
