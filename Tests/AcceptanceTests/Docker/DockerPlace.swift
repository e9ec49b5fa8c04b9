import HostOS
import SystemPackage
import TestSupport
import Testing

/// A machine without docker, where `docker` and its like lead to slipway, as they do in phases of a pipeline.
struct DockerPlace {
  let place: Workplace

  var scratch: Scratch { place.scratch }
  /// Host and port of the registry.
  var authority: String { place.registry.authority }

  static func use(
    _ configuration: TestRegistry.Configuration = .init(), _ body: @Sendable (DockerPlace) async throws -> Void
  ) async throws {
    try await Workplace.use(configuration) { place in
      let links = place.scratch("shims")
      try Files.createDirectories(links)
      for name in ["docker", "docker-compose", "dockerd", "podman", "service", "systemctl", "aws", "executor", "sudo"] {
        try Files.makeSymbolicLink(links.appending(name), saying: place.slipway.executable)
      }
      try place.scratch.write(
        [
          "Dockerfile": "ARG BASE=\(place.base)\nFROM $BASE\nARG WHO=nobody\nENV WHO=$WHO\nCOPY note.txt /note.txt\n",
          "note.txt": "ahoy\n",
          "other/Dockerfile": "FROM scratch\nCOPY note.txt /\nLABEL kind=other\n",
          "platforms/Dockerfile": "FROM scratch\nARG TARGETARCH\nCOPY note.txt /\nLABEL arch=$TARGETARCH\n",
          "platforms/note.txt": "ahoy\n",
        ], in: "work")
      try await body(DockerPlace(place: place))
    }
  }

  /// Runs a script of the shell in the folder of the sources, with nothing on standard input.
  func sh(_ script: String, _ variables: [String: String] = [:]) async throws -> ChildProcess.Outcome {
    var environment = place.slipway.environment
    environment.variables["PATH"] = "\(scratch("shims")):\(environment["PATH"] ?? "")"
    environment.variables["REGISTRY"] = authority
    environment.variables["BASE"] = place.base
    environment.variables.merge(variables) { $1 }
    return try await ChildProcess(
      "/bin/sh", ["-c", script], environment: environment, workingDirectory: scratch("work")
    ).run()
  }

  /// The same for a script that has to succeed.
  /// - Returns: its standard output without the last line break.
  @discardableResult
  func output(
    _ script: String, _ variables: [String: String] = [:], _ location: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let outcome = try await sh(script, variables)
    #expect(
      outcome.status == 0, "\(script)\nwrote:\n\(outcome.outputText)\n\(outcome.errorText)", sourceLocation: location)
    return String(outcome.outputText.dropLast(outcome.outputText.hasSuffix("\n") ? 1 : 0))
  }

  /// What skopeo finds under a name of the registry.
  func inspect(_ name: String, _ format: String) async throws -> String {
    try await Tool.output(
      "skopeo", ["inspect", "--format", format] + place.registry.skopeoOptions + ["docker://\(authority)/\(name)"])
  }
}
