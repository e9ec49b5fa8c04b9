import HostOS
import OCI
import SystemPackage
import TestSupport

/// Both builders with the same base image in a registry.
struct DifferentialBench: Sendable {
  enum Reference: Sendable {
    /// The dockerd of this machine, in a folder of its own.
    case live
    /// The docker on PATH, which finds its daemon by DOCKER_HOST: recordings are made with it.
    case recorder
  }

  private let scratch: Scratch
  private let daemon: DockerDaemon
  private let binary: SlipwayBinary
  private let base: String

  static let isRecording = Environment.current.nonEmpty("SLIPWAY_RECORD") != nil

  static func run<Result: Sendable>(_ body: (DifferentialBench) async throws -> Result) async throws -> Result {
    try await TestRegistry.serve { registry in
      let base = try await BaseImages.pushBusybox(to: registry)
      return try await DockerDaemon.run { daemon in
        try await Scratch.use("differential") { scratch in
          try await body(
            DifferentialBench(scratch: scratch, daemon: daemon, binary: try SlipwayBinary(scratch), base: base))
        }
      }
    }
  }

  /// A folder for a case.
  func folder(_ name: String) -> FilePath { scratch(name) }

  /// What the base image holds by itself.
  func baseRecord() async throws -> BuildRecord {
    let context = scratch("base-alone")
    try Files.createDirectories(context)
    try Files.writeAtomically(Array("ARG BASE\nFROM ${BASE}\n".utf8), to: context.appending("Dockerfile"))
    return try await slipway("base-alone", [], at: context)
  }

  /// What BuildKit makes of a context. Nothing comes from its cache, which does not care for times of files.
  func buildKit(_ example: DifferentialCase, by reference: Reference = .live) async throws -> BuildRecord {
    let files = scratch("\(example.name).buildkit.tar")
    let tag = "case/\(example.name)"
    for output in [["--tag", tag], ["--output", "type=tar,dest=\(files)"]] {
      let outcome = try await docker(arguments(example.arguments) + output + [example.context.string], by: reference)
      guard outcome.succeeded else { return .failure }
    }
    let image = scratch("\(example.name).image.tar")
    let saved = try await docker(["image", "save", "--output", image.string, tag], by: reference)
    guard saved.succeeded else { throw BenchError("docker does not save \(tag): \(saved.errorText)") }
    return try BuildRecord(try await config(in: image), files: files)
  }

  private func docker(_ arguments: [String], by reference: Reference) async throws -> ChildProcess.Outcome {
    guard reference == .recorder else { return try await daemon.docker(arguments) }
    var variables = Environment.current.variables
    variables["BUILDX_NO_DEFAULT_ATTESTATIONS"] = "1"
    return try await Tool.attempt("docker", arguments, environment: Environment(variables))
  }

  /// What `slipway build` makes of a context.
  func slipway(_ example: DifferentialCase, at context: FilePath) async throws -> BuildRecord {
    try await slipway(example.name, example.arguments, at: context)
  }

  private func slipway(_ name: String, _ own: [String], at context: FilePath) async throws -> BuildRecord {
    let tar = scratch("\(name).slipway.tar")
    let id = scratch("\(name).id")
    let outcome = try await binary.run(
      arguments(own) + ["--output", "type=tar,dest=\(tar)", "--iidfile", id.string, context.string])
    guard outcome.succeeded else {
      // A bug of ours is no way to fail as the reference does.
      guard [1, 2].contains(outcome.status) else {
        throw BenchError("slipway ended with \(outcome.status) in \(name): \(outcome.errorText)")
      }
      return .failure
    }
    guard let digest = Digest(String(decoding: try Files.read(id), as: UTF8.self)) else {
      throw BenchError("--iidfile has no digest")
    }
    let bytes = try ContentStore(root: binary.store).read(digest)
    return try BuildRecord(JSONDocument.decode(ImageConfig.self, from: bytes, called: "configuration"), files: tar)
  }

  private func arguments(_ own: [String]) -> [String] {
    ["build", "--progress=plain", "--network=host", "--no-cache", "--build-arg", "BASE=\(base)"] + own
  }

  /// The configuration of the image in an archive of `docker save`.
  private func config(in archive: FilePath) async throws -> ImageConfig {
    struct Entry: Decodable {
      var config: String

      enum CodingKeys: String, CodingKey { case config = "Config" }
    }
    let list = try await Tool.run("tar", ["-xOf", archive.string, "manifest.json"]).output
    guard let entry = try JSONDocument.decode([Entry].self, from: list, called: "manifest.json").first else {
      throw BenchError("\(archive) holds no image")
    }
    let text = String(
      decoding: try await Tool.run("tar", ["-xOf", archive.string, entry.config]).output, as: UTF8.self)
    // Docker's way to say that an image has no layers.
    let bytes = Array(text.replacing("\"diff_ids\":null", with: "\"diff_ids\":[]").utf8)
    return try JSONDocument.decode(ImageConfig.self, from: bytes, called: "configuration")
  }
}
