import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Builds beside builds, and steps beside steps.
@Suite struct ConcurrencyTests {
  private static let count = 8

  /// Steps that all builds have, that two have each, and that only one has. Each writes its name into a cache that all
  /// builds share, which counts how often it ran and is no part of any layer.
  private static func dockerfile(_ number: Int, _ address: String) -> String {
    func run(_ name: String) -> String {
      """
      RUN --mount=type=cache,id=log,target=/log,sharing=shared \
      echo \(name) >>/log/ran && mkdir -p /made && seq 1 20000 >/made/\(name)
      """
    }
    return """
      ARG BASE
      FROM $BASE AS tools
      ADD \(address) /fetched
      \(run("tools"))
      FROM $BASE
      COPY shared /shared
      \(run("shared"))
      COPY --from=tools /made /fetched /from/
      \(run("pair-\(number / 2)"))
      \(run("own-\(number)"))

      """
  }

  /// Arguments of each build, with a context of its own.
  private func builds(_ place: Workplace, _ address: String) throws -> [[String]] {
    try (0..<Self.count).map { number in
      let context = try place.scratch.write(
        ["Dockerfile": .file(Self.dockerfile(number, address)), "shared": "shared\n"], in: "context-\(number)")
      return [
        "build", "--progress", "plain", "--build-arg", "BASE=\(place.base)", "--tag", "app\(number)", context.string,
      ]
    }
  }

  @Test func eightBuildsOnOneStoreDoEachThingOnce() async throws {
    try await Workplace.use { place in
      try await WebServer.serving({ _ in .text("fetched\n", ["ETag": "\"1\""]) }) { server, port in
        let builds = try builds(place, "http://127.0.0.1:\(port)/file")
        var slipway = place.slipway
        slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1000000000"
        let outcomes = try await Self.atOnce(builds, slipway)
        for outcome in outcomes { expect(outcome) }
        // Each layer was made once.
        let log = try await Tool.output(
          "find", [slipway.store.appending("mounts").string, "-name", "ran", "-exec", "sort", "{}", "+"])
        let expected = ["shared", "tools"] + (0..<4).map { "pair-\($0)" } + (0..<8).map { "own-\($0)" }
        #expect(log.split(separator: "\n").map(String.init) == expected.sorted())
        // What is fetched and unpacked is, too. Servers are asked whether a file is as it was.
        let steps = outcomes.flatMap { Self.layerSteps(of: $0) }
        #expect(Set(steps).count == steps.count && steps.count >= 2, "\(steps.sorted())")
        let blobs = try place.registry.requests().filter { $0.method == "GET" && $0.path.contains("/blobs/") }
        let layer = try await Self.baseLayer(place)
        #expect(blobs.count { $0.path.hasSuffix(layer) } == 1)
        #expect(server.requests.count { $0.headers["if-none-match"] == nil } == 1)
        // All are what they would be alone.
        for (number, build) in builds.enumerated() {
          var alone = slipway
          alone.environment.variables["SLIPWAY_ROOT"] = place.scratch("alone-\(number)").string
          let outcome = try await alone.run(build)
          expect(outcome)
          #expect(outcome.outputText == outcomes[number].outputText)
        }
      }
    }
  }

  /// Runs programs side by side; the outcomes are in the order of the arguments.
  private static func atOnce(_ runs: [[String]], _ slipway: SlipwayBinary) async throws -> [ChildProcess.Outcome] {
    try await withThrowingTaskGroup(of: (Int, ChildProcess.Outcome).self) { group in
      for (number, run) in runs.enumerated() { group.addTask { (number, try await slipway.run(run)) } }
      let outcomes = try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      return runs.indices.compactMap { outcomes[$0] }
    }
  }

  /// The titles of steps that fetch and unpack layers. Lines of other steps in between may make a line come again.
  private static func layerSteps(of outcome: ChildProcess.Outcome) -> [String] {
    let lines = Set(outcome.errorText.split(separator: "\n")).filter {
      $0.contains("[internal] unpack layer") || $0.contains("[internal] fetch layer")
    }
    return lines.map { $0.drop { $0 != "[" } }.map(String.init)
  }

  private static func baseLayer(_ place: Workplace) async throws -> String {
    try await Tool.output(
      "skopeo", ["inspect", "--tls-verify=false", "--format", "{{index .Layers 0}}", "docker://\(place.base)"])
  }

  @Test func fourBuildsFetchARepositoryOnce() async throws {
    try await Workplace.use { place in
      let host = try GitHost(in: place.scratch("git"))
      let work = try await host.create("app")
      try place.scratch.write(["note.txt": "ahoy\n"], in: "git/work-app")
      _ = try await host.commit(work)
      try await WebServer.serving({ try await host.answer($0) }) { server, port in
        let files: [String: ScratchEntry] = ["Dockerfile": "FROM scratch\nADD http://127.0.0.1:\(port)/app.git /app\n"]
        let context = try place.scratch.write(files, in: "context")
        let builds = (1...4).map { ["build", "--quiet", "--tag", "app\($0)", context.string] }
        let outcomes = try await Self.atOnce(builds, place.slipway)
        for outcome in outcomes { expect(outcome) }
        let fetches = server.requests.filter { String(decoding: $0.body, as: UTF8.self).contains("command=fetch") }
        #expect(fetches.count == 1)
      }
    }
  }

  // MARK: Steps

  /// One waits until the other has begun, and fails; the other would run for ever, with all that it started.
  @Test func aFailureEndsWhatRunsBesideIt() async throws {
    let unique = "\(UInt32.random(in: 100_000_000...999_999_999))"
    let cache = "--mount=type=cache,id=signal,target=/signal,sharing=shared"
    let files: [String: ScratchEntry] = [
      "Dockerfile": .file(
        """
        ARG BASE
        FROM $BASE AS endless
        RUN \(cache) trap '' TERM; (setsid sleep \(unique) &) ; touch /signal/begun; sleep \(unique); touch /endless
        FROM $BASE AS failing
        RUN \(cache) until [ -e /signal/begun ]; do usleep 10000; done; echo last words; exit 7
        FROM $BASE
        COPY --from=endless /endless /
        COPY --from=failing /failing /

        """)
    ]
    try await Workplace.use { place in
      let outcome = try await place.build(files, ["--progress", "plain", "--jobs", "2"])
      expect(outcome, endsWith: 1)
      #expect(outcome.errorText.contains("error[run-failed]: the command exited with code 7"), "\(outcome.errorText)")
      #expect(outcome.errorText.contains("ERROR: canceled"))
      #expect(outcome.errorText.ranges(of: "error[").count == 1)
      #expect(try await Tool.attempt("pgrep", ["-f", "sleep \(unique)"]).outputText == "")
      expect(try await place.slipway.run(["prune", "--quiet"]))
      #expect(try await place.storeContents().ranges(of: "work/").isEmpty)
    }
  }

  /// The first of the Dockerfile, whichever is the first in time.
  @Test func ofSeveralFailuresAlwaysTheSameIsTold() async throws {
    let stages = (1...6).map { "FROM scratch AS s\($0)\nCOPY missing-\($0) /\n" }.joined()
    let copies = (1...6).reversed().map { "COPY --from=s\($0) / /\n" }.joined()
    try await Workplace.use { place in
      for _ in 1...5 {
        let outcome = try await place.build(
          ["Dockerfile": .file("\(stages)FROM scratch\n\(copies)")], ["--progress", "plain", "--jobs", "6"])
        expect(outcome, endsWith: 1)
        #expect(outcome.errorText.contains("error[copy-source-missing]: missing-1 "), "\(outcome.errorText)")
      }
    }
  }
}
