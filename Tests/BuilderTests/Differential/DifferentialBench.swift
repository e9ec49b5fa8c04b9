import HostOS
import OCI
import SystemPackage
import TestSupport

/// Both builders with the same base image in a registry.
struct DifferentialBench: Sendable {
  private let scratch: Scratch
  private let daemon: DockerDaemon
  private let binary: SlipwayBinary
  private let base: String

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

  /// What BuildKit makes of a context. The second build, for the files, finds everything in the cache of the first.
  func buildKit(_ example: DifferentialCase, at context: FilePath) async throws -> BuildRecord {
    let tar = scratch("\(example.name).buildkit.tar")
    let tag = "case/\(example.name)"
    for output in [["--tag", tag], ["--output", "type=tar,dest=\(tar)"]] {
      let outcome = try await daemon.docker(arguments(example) + output + [context.string])
      guard outcome.succeeded else { return .failed(message: Self.lastLine(outcome)) }
    }
    struct Image: Decodable {
      var config: RuntimeConfig

      enum CodingKeys: String, CodingKey { case config = "Config" }
    }
    let inspected = try await daemon.docker(["image", "inspect", tag])
    let images = try JSONDocument.decode([Image].self, from: inspected.output, called: "image inspect")
    return try BuildRecord(images.first?.config ?? RuntimeConfig(), files: tar)
  }

  /// What `slipway build` makes of a context.
  func slipway(_ example: DifferentialCase, at context: FilePath) async throws -> BuildRecord {
    let tar = scratch("\(example.name).slipway.tar")
    let id = scratch("\(example.name).id")
    let outcome = try await binary.run(
      arguments(example) + ["--output", "type=tar,dest=\(tar)", "--iidfile", id.string, context.string])
    guard outcome.succeeded else {
      // A bug of ours is no way to fail as the reference does.
      guard [1, 2].contains(outcome.status) else {
        throw BenchError("slipway ended with \(outcome.status) in \(example.name): \(outcome.errorText)")
      }
      return .failed(
        message: outcome.errorText.split(separator: "\n").first { $0.hasPrefix("error") }.map(String.init) ?? "")
    }
    guard let digest = Digest(String(decoding: try Files.read(id), as: UTF8.self)) else {
      throw BenchError("--iidfile has no digest")
    }
    let bytes = try ContentStore(root: binary.store).read(digest)
    let config = try JSONDocument.decode(ImageConfig.self, from: bytes, called: "configuration")
    return try BuildRecord(config.config ?? RuntimeConfig(), files: tar)
  }

  private func arguments(_ example: DifferentialCase) -> [String] {
    ["build", "--progress=plain", "--network=host", "--build-arg", "BASE=\(base)"] + example.arguments
  }

  private static func lastLine(_ outcome: ChildProcess.Outcome) -> String {
    outcome.errorText.split(separator: "\n").last.map(String.init) ?? ""
  }
}
