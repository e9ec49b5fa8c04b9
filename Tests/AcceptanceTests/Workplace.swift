import HostOS
import SystemPackage
import TestSupport
import Testing

/// A registry with a base image, and a `slipway` with a store of its own.
struct Workplace {
  let scratch: Scratch
  let registry: TestRegistry
  let slipway: SlipwayBinary
  /// The name of the base image.
  var base: String { "\(registry.authority)/base:latest" }

  static func use(
    _ configuration: TestRegistry.Configuration = .init(), _ body: @Sendable (Workplace) async throws -> Void
  ) async throws {
    try await Scratch.use("acceptance") { scratch in
      try await TestRegistry.serve(configuration) { registry in
        _ = try await BaseImages.pushBusybox(to: registry)
        var slipway = try SlipwayBinary(scratch)
        try registry.writeDockerConfiguration(in: scratch("home/.docker"))
        slipway.environment.variables["SSL_CERT_FILE"] = registry.certificate?.string
        try await body(Workplace(scratch: scratch, registry: registry, slipway: slipway))
      }
    }
  }

  /// Writes a context and builds it. The base image is the build argument `BASE`.
  func build(
    _ files: [String: ScratchEntry], _ arguments: [String] = [], name: String = "context"
  ) async throws -> ChildProcess.Outcome {
    let context = try scratch.write(files, in: name)
    return try await slipway.run(["build", "--build-arg", "BASE=\(base)"] + arguments + [context.string])
  }

  /// The paths in the store.
  func storeContents() async throws -> String {
    try await Tool.output("find", [scratch.path.string, "-path", "\(slipway.store)*", "-printf", "%P %s\n"])
  }
}

/// Fails the test, with what the program said, unless it ended as expected.
func expect(
  _ outcome: ChildProcess.Outcome, endsWith status: Int32 = 0, _ location: SourceLocation = #_sourceLocation
) {
  #expect(
    outcome.status == status, "standard error was:\n\(outcome.errorText)", sourceLocation: location)
}
