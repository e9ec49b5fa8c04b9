import Foundation
import HostOS
import SystemPackage
import TestSupport

/// A folder of `fixtures/buildspecs`: a source tree with a buildspec, and what its run is expected to do.
struct PipelineFixture: Sendable {
  let name: String
  let expectation: PipelineExpectation

  static var folder: FilePath { Checkout.fixture("buildspecs") }

  /// The names of all, sorted.
  static let names: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
    return names.filter {
      FileManager.default.fileExists(atPath: folder.appending($0).appending("expected.yml").string)
    }.sorted()
  }()

  init(_ name: String, _ servers: PipelineServers) throws {
    self.name = name
    guard let expectation = servers.expectations[name] else {
      throw PipelineFixtureError("there is no \(name)/expected.yml")
    }
    self.expectation = expectation
  }

  /// Runs it in a checkout of its own with one commit.
  func run(_ answerer: PipelineExpectation.Answerer, _ servers: PipelineServers) async throws -> PipelineOutcome {
    try await Scratch.use(name) { scratch in
      let space = "\(name)-\(answerer.rawValue)-\(Files.uniqueName().prefix(6))".lowercased()
      var placeholders = PipelinePlaceholders(values: ["ecr": PipelineServers.ecrHosts[0]])
      let commit = try await checkOut(to: scratch("source"))
      placeholders.values["commit"] = commit
      placeholders.values["commit7"] = String(commit.prefix(7))
      placeholders.values["commit8"] = String(commit.prefix(8))
      let seeded = try await seed(servers, space, placeholders)
      let slipway = try slipway(answerer, servers, space: space, scratch)
      let status = try await perform(slipway, scratch)
      let leftovers = try endLeftovers(of: slipway)
      let log = String(decoding: try Files.read(scratch("log")), as: UTF8.self)
      let pushed = try await pushes(servers, space).filter { !seeded.contains($0) }
      return PipelineOutcome(
        status: status, lines: Self.lines(of: log), pushed: Self.table(pushed),
        artifacts: try artifacts(in: scratch), contents: try contents(in: scratch("artifacts")),
        exported: exported(in: scratch("exported.json")), leftovers: leftovers,
        documents: documents(of: pushed, servers), placeholders: placeholders, isBatch: try isBatch(),
        declaredPhases: try declaredPhases())
    }
  }

  private var source: FilePath {
    expectation.source.map(Checkout.fixture) ?? Self.folder.appending(name)
  }

  // MARK: Before

  private func checkOut(to folder: FilePath) async throws -> String {
    let script = """
      cp -r "$1" "$2" && cd "$2" && rm -f expected.yml
      git init -q -b main && git add -A -f && git commit -q -m 'The first commit' && git rev-parse HEAD
      """
    var variables = ["PATH": Environment.current["PATH"] ?? "", "HOME": folder.string, "GIT_CONFIG_NOSYSTEM": "1"]
    for role in ["AUTHOR", "COMMITTER"] {
      variables["GIT_\(role)_NAME"] = "Ada"
      variables["GIT_\(role)_EMAIL"] = "ada@example.com"
      variables["GIT_\(role)_DATE"] = "2024-02-29T12:00:00Z"
    }
    return try await Tool.output(
      "sh", ["-ec", script, "sh", source.string, folder.string], environment: Environment(variables))
  }

  private struct Push: Hashable {
    var repository: String
    var tag: String
    var digest: String
  }

  /// - Returns: the images that are in the registry now.
  private func seed(
    _ servers: PipelineServers, _ space: String, _ placeholders: PipelinePlaceholders
  ) async throws -> Set<Push> {
    let seed = expectation.seed
    if seed.secrets != nil || seed.parameters != nil {
      let values = ["secrets": seed.secrets ?? [:], "parameters": seed.parameters ?? [:]]
      var environment = servers.aws.environment
      environment["PATH"] = Environment.current["PATH"]
      try await Tool.run(
        AWSServer.python().string, [Checkout.fixture("aws/put-secrets").string],
        environment: Environment(environment), input: Array(try JSONEncoder().encode(values)))
    }
    for image in seed.images ?? [] {
      try await servers.ecr.push(BaseImages.busybox(), as: "\(space)/\(placeholders.fill(image))")
    }
    return try await pushes(servers, space)
  }

  private func slipway(
    _ answerer: PipelineExpectation.Answerer, _ servers: PipelineServers, space: String, _ scratch: Scratch
  ) throws -> SlipwayBinary {
    let registries = scratch("registries.conf")
    try Files.writeAtomically(Array(servers.registriesConfiguration(space: space).utf8), to: registries)
    for tool in expectation.tools {
      try scratch.write([tool: .file("#!/bin/sh\necho \"\(tool) $*\"\n", mode: 0o755)], in: "tools")
    }
    var slipway = try SlipwayBinary(scratch).begun(
      by: "exec timeout --kill-after 5 \(expectation.seconds) \"$@\" >'\(scratch("log"))' 2>&1", in: scratch)
    var folders = [scratch("tools"), servers.programs]
    if let path = expectation.path { folders.insert(scratch("source").pushing(FilePath(path)), at: 0) }
    if answerer == .cli { folders.append(servers.awsProgram) }
    slipway.environment.variables.merge(servers.aws.environment) { $1 }
    slipway.environment.variables.merge([
      "PATH": folders.map(\.string).joined(separator: ":"),
      "CONTAINERS_REGISTRIES_CONF": registries.string,
      // Nobody listens there, so whatever works has not come from a daemon.
      "DOCKER_HOST": "unix://\(scratch("no-daemon.sock"))",
      "CONTAINER_HOST": "unix://\(scratch("no-daemon.sock"))",
      "AWS_EC2_METADATA_DISABLED": "true",
    ]) { $1 }
    slipway.environment.variables.merge(expectation.environment) { $1 }
    return slipway
  }

  // MARK: The run

  private func perform(_ slipway: SlipwayBinary, _ scratch: Scratch) async throws -> Int32 {
    var arguments = [expectation.verb]
    if expectation.verb == "run" {
      arguments += ["--artifacts", scratch("artifacts").string, "--metadata-file", scratch("exported.json").string]
      for (variable, value) in expectation.env.sorted(by: { $0.key < $1.key }) {
        arguments += ["--env", "\(variable)=\(value)"]
      }
    }
    return try await slipway.run(arguments + expectation.arguments, in: scratch("source")).status
  }

  /// Finds processes by the store that they were to use, and ends them.
  private func endLeftovers(of slipway: SlipwayBinary) throws -> [String] {
    let mark = Array("SLIPWAY_ROOT=\(slipway.store)".utf8)
    return try Files.names(in: "/proc").compactMap { name in
      guard let id = Int32(name.string), id != getpid(),
        let environment = try? Files.read(FilePath("/proc/\(id)/environ")),
        environment.split(separator: 0).contains(where: { $0.elementsEqual(mark) })
      else { return nil }
      let command = String(decoding: (try? Files.read(FilePath("/proc/\(id)/cmdline"))) ?? [], as: UTF8.self)
      kill(id, SIGKILL)
      return command.replacing("\0", with: " ")
    }
  }

  // MARK: After

  /// Without what turns colours on and off; a carriage return before the end of a line is none of its text.
  private static func lines(of log: String) -> [String] {
    log.split(separator: /\r?\n/, omittingEmptySubsequences: false).map(String.init)
  }

  private func pushes(_ servers: PipelineServers, _ space: String) async throws -> Set<Push> {
    var pushes: Set<Push> = []
    for registry in [servers.ecr, servers.hub] {
      for (repository, tags) in try await registry.tags(below: space) {
        for (tag, digest) in tags { pushes.insert(Push(repository: repository, tag: tag, digest: digest)) }
      }
    }
    return pushes
  }

  private static func table(_ pushes: Set<Push>) -> [String: [String: String]] {
    pushes.reduce(into: [:]) { $0[$1.repository, default: [:]][$1.tag] = $1.digest }
  }

  /// Of each image the manifest, and what it names if it is small.
  private func documents(of pushes: Set<Push>, _ servers: PipelineServers) -> [String: Data] {
    var documents: [String: Data] = [:]
    for digest in Set(pushes.map(\.digest)) {
      guard let manifest = servers.ecr.blob(digest) ?? servers.hub.blob(digest) else { continue }
      documents[digest] = manifest
      let object = try? JSONSerialization.jsonObject(with: manifest) as? [String: Any]
      if let config = (object?["config"] as? [String: Any])?["digest"] as? String {
        documents[config] = servers.ecr.blob(config) ?? servers.hub.blob(config)
      }
    }
    return documents
  }

  /// The others are in folders of their own in that of the first.
  private func artifacts(in scratch: Scratch) throws -> [String: [String]] {
    let folders = expectation.secondary.keys.sorted()
    var found: [String: [String]] = [:]
    for path in try Self.paths(in: scratch("artifacts")) ?? [] {
      if let folder = folders.first(where: { path.hasPrefix("\($0)/") }) {
        found[folder, default: []].append(String(path.dropFirst(folder.count + 1)))
      } else {
        found["", default: []].append(path)
      }
    }
    return found
  }

  private func contents(in folder: FilePath) throws -> [String: String] {
    try (Self.paths(in: folder) ?? []).reduce(into: [:]) { table, path in
      let file = folder.pushing(FilePath(path))
      guard let status = try FileStatus.ifExists(file), status.size < 1 << 20 else { return }
      table[path] = String(decoding: try Files.read(file), as: UTF8.self)
    }
  }

  /// Files and links below a folder; nil if it is not there.
  private static func paths(in folder: FilePath) throws -> [String]? {
    guard let enumerator = FileManager.default.enumerator(atPath: folder.string) else { return nil }
    var paths: [String] = []
    for case let path as String in enumerator {
      if enumerator.fileAttributes?[.type] as? FileAttributeType != .typeDirectory { paths.append(path) }
    }
    return paths.sorted()
  }

  private func exported(in file: FilePath) -> [String: String] {
    guard let bytes = try? Files.read(file),
      let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    else { return [:] }
    return object["exported-variables"] as? [String: String] ?? [:]
  }

  /// The text of the file that is run; empty if there is none.
  private func buildspec() throws -> String {
    let file = expectation.arguments.first { $0.hasSuffix(".yml") || $0.hasSuffix(".yaml") } ?? "buildspec.yml"
    let path = source.pushing(FilePath(file))
    return try FileStatus.ifExists(path) == nil ? "" : String(decoding: Files.read(path), as: UTF8.self)
  }

  private func isBatch() throws -> Bool { try buildspec().contains(/(?m)^batch:/) }

  private func declaredPhases() throws -> Set<String> {
    let text = try buildspec()
    let phases = text.matches(of: /(?m)[ {"](install|pre_build|build|post_build)"?:/).map { $0.1.uppercased() }
    return Set(phases + (text.contains(/(?m)^artifacts:/) ? ["UPLOAD_ARTIFACTS"] : []))
  }
}

/// A fixture that is not what it has to be.
struct PipelineFixtureError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
