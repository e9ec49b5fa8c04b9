import HostOS
import SystemPackage
import TestSupport
import Testing

/// `--offline`: nothing beyond this machine is spoken to, and what is missing is named at once.
@Suite struct OfflineTests {
  /// Runs under strace and returns the addresses that sockets were connected to or sent to.
  private func addresses(
    _ slipway: SlipwayBinary, _ arguments: [String], _ scratch: Scratch
  ) async throws -> (outcome: ChildProcess.Outcome, lines: [String]) {
    let trace = scratch("trace")
    let outcome = try await ChildProcess(
      "strace",
      ["-f", "-qq", "-e", "trace=connect,sendto,sendmmsg", "-o", trace.string, slipway.executable.string] + arguments,
      environment: slipway.environment
    ).run()
    let lines = String(decoding: try Files.read(trace), as: UTF8.self).split(separator: "\n").map(String.init)
    return (outcome, lines.filter { $0.contains("sin_addr") || $0.contains("sin6_addr") })
  }

  @Test func allMissingBasesAreNamedAndNobodyIsAsked() async throws {
    try await Scratch.use("offline") { scratch in
      let slipway = try SlipwayBinary(scratch)
      let context = try scratch.write(
        [
          "Dockerfile":
            "FROM debian:12 AS a\nFROM ghcr.io/me/tool:1 AS b\nFROM scratch\nCOPY --from=a / /\nCOPY --from=b / /\n"
        ],
        in: "context")
      let (outcome, lines) = try await addresses(slipway, ["build", "--offline", context.string], scratch)
      expect(outcome, endsWith: 69)
      #expect(outcome.errorText.contains("error[offline]: debian:12 is not in the store, and --offline is set"))
      #expect(outcome.errorText.contains("error[offline]: ghcr.io/me/tool:1 is not in the store"))
      #expect(outcome.errorText.contains("Dockerfile:1:6") && outcome.errorText.contains("Dockerfile:2:6"))
      #expect(lines == [])
    }
  }

  @Test func whatIsHereIsBuilt() async throws {
    try await Workplace.use { place in
      // From a registry of this machine, then from the store.
      let files: [String: ScratchEntry] = [
        "Dockerfile": "ARG BASE\nFROM $BASE\nCOPY note.txt /\n", "note.txt": "ahoy\n",
      ]
      expect(try await place.build(files, ["--quiet", "--offline", "--tag", "mine:1"]))
      let child: [String: ScratchEntry] = [
        "Dockerfile": .file(
          "FROM mine:1\nRUN ! wget -q -O /dev/null http://\(place.registry.authority)/v2/ && ls /sys/class/net >/net\n")
      ]
      expect(try await place.build(child, ["--quiet", "--offline", "--tag", "child"], name: "child"))
    }
  }

  @Test(arguments: [
    ("ADD https://example.com/file /\n", "example.com"), ("ADD https://example.com/x.git /x\n", "example.com"),
  ])
  func urlsAreNotFetched(instruction: String, host: String) async throws {
    try await Scratch.use("offline") { scratch in
      var slipway = try SlipwayBinary(scratch)
      slipway.environment.variables["SLIPWAY_OFFLINE"] = "1"
      let context = try scratch.write(["Dockerfile": .file("FROM scratch\n\(instruction)")], in: "context")
      let (outcome, lines) = try await addresses(slipway, ["build", "--tag", "x", context.string], scratch)
      expect(outcome, endsWith: 69)
      #expect(outcome.errorText.contains("offline") && outcome.errorText.contains(host), "\(outcome.errorText)")
      #expect(lines == [])
    }
  }

  @Test func commandsGetNoNetworkByAsking() async throws {
    try await Workplace.use { place in
      let outcome = try await place.build(
        ["Dockerfile": "ARG BASE\nFROM $BASE\nRUN --network=host true\n"], ["--offline", "--tag", "x"])
      expect(outcome, endsWith: 2)
      #expect(outcome.errorText.contains("error[offline]: RUN --network=host needs a network"))
      #expect(outcome.errorText.contains("Dockerfile:3:1"))
    }
  }

  @Test(arguments: [["--pull"], ["--network", "host"]])
  func whatNeedsANetworkIsRefused(options: [String]) async throws {
    try await Scratch.use("offline") { scratch in
      let context = try scratch.write(["Dockerfile": "FROM scratch\n"], in: "context")
      let outcome = try await SlipwayBinary(scratch).run(["build", "--offline"] + options + [context.string])
      expect(outcome, endsWith: 2)
      #expect(outcome.errorText.contains("error[offline]: \(options.joined(separator: " ")) needs a network"))
    }
  }
}
