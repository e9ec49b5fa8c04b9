import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Kill -9 at any moment loses at most the step in hand. `make stress` does it more often.
@Suite struct KillTests {
  /// Fetches, pulls, unpacks, copies and runs commands.
  private static func files(_ address: String, _ mark: String) -> [String: ScratchEntry] {
    let dockerfile = """
      ARG BASE
      FROM $BASE AS build
      ADD \(address) /fetched
      COPY a /a
      RUN --mount=type=cache,target=/c cp /a /c/a && cp /a /b && mkdir -p /x/y/z && : \(mark)
      FROM $BASE AS other
      COPY b /b
      RUN --mount=target=/ctx cp /b /c && sleep 0.2 && : \(mark)
      FROM $BASE
      COPY --from=build /b /fetched /x /
      COPY --from=other /c /
      RUN cat /b /c >/d && : \(mark)

      """
    return ["Dockerfile": .file(dockerfile), "a": .file(String(repeating: "a", count: 2_000_000)), "b": "b"]
  }

  /// Numbers of its own, so that a run can be repeated (splitmix64).
  private struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  /// A build that is killed, and what must come of it when it is not.
  private struct Victim {
    var slipway: SlipwayBinary
    var build: [String]
    /// What tells its processes from all others: in their environment, or in their arguments.
    var mark: String
    var answer = ""
    /// How long it takes on an empty store, in seconds.
    var seconds = 0.0
  }

  @Test func killedBuildsLeaveNothingBehind() async throws {
    let kills = Environment.current["KILLS"].flatMap { Int($0) } ?? 20
    let seed = Environment.current["SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
    print("\(kills) kills with SEED=\(seed)")
    try await Workplace.use { place in
      try await WebServer.serving({ _ in .text("fetched\n", ["ETag": "\"1\""]) }) { _, port in
        // One way of keeping commands apart after the other.
        var chance = Chance(state: seed)
        var victims: [Victim] = []
        let mark = "mark-\(Files.uniqueName())"
        for isolation in ["userns", "chroot"] { victims.append(try await Self.victim(place, port, isolation, mark)) }
        #expect(victims[0].answer == victims[1].answer)
        for number in 0..<kills {
          let victim = victims[number % 2]
          let moment = (Double(number) + Double.random(in: 0..<1, using: &chance)) / Double(kills)
          try await Self.kill(victim, after: moment * victim.seconds)
          try await Self.check(victim, pruning: number / 2 % 2 == 0, "kill \(number) of \(kills) with SEED=\(seed)")
        }
      }
    }
  }

  private static func victim(
    _ place: Workplace, _ port: Int, _ isolation: String, _ mark: String
  ) async throws -> Victim {
    let context = try place.scratch.write(files("http://127.0.0.1:\(port)/file", mark), in: "context")
    var slipway = place.slipway
    slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1000000000"
    slipway.environment.variables["MARK"] = mark
    let name = "\(place.registry.authority)/app"
    let build = [
      "build", "--quiet", "--isolation", isolation, "--build-arg", "BASE=\(place.base)", "--tag", name, "--push",
      "--output", "type=oci,dest=\(place.scratch("app.tar"))",
      "--cache-to", "type=local,dest=\(place.scratch("cache")),mode=max", context.string,
    ]
    var victim = Victim(slipway: slipway, build: build, mark: mark)
    let clock = ContinuousClock()
    let begin = clock.now
    let outcome = try await slipway.run(build)
    let time = (clock.now - begin).components
    expect(outcome)
    victim.answer = outcome.outputText
    victim.seconds = Double(time.seconds) + Double(time.attoseconds) * 1e-18
    expect(try await slipway.run(["prune", "--all", "--quiet"]))
    return victim
  }

  /// The process alone, so that what it started has to notice by itself.
  private static func kill(_ victim: Victim, after seconds: Double) async throws {
    let script = #"delay=$1; shift; "$@" & sleep "$delay"; kill -KILL $! 2>/dev/null; wait $!"#
    _ = try await Tool.attempt(
      "sh", ["-c", script, "sh", String(format: "%.3f", seconds), victim.slipway.executable.string] + victim.build,
      environment: victim.slipway.environment)
  }

  /// The store is valid, the next build succeeds, and pruning leaves nothing.
  private static func check(_ victim: Victim, pruning: Bool, _ what: String) async throws {
    let (slipway, store) = (victim.slipway, victim.slipway.store)
    #expect(try await isFree(of: victim.mark), "\(what) left processes")
    let mounts = String(decoding: try Files.read("/proc/self/mountinfo"), as: UTF8.self)
    #expect(!mounts.contains(store.string), "\(what) left mounts")
    #expect(try await damagedBlobs(in: store) == "", "\(what) left damaged blobs")
    if pruning {
      expect(try await slipway.run(["prune", "--quiet"]))
      let usage = try await slipway.storeReport()
      #expect(usage.items.filter { $0.type == "work" || $0.reclaimable }.map(\.id) == [], "\(what)")
    } else {
      let next = try await slipway.run(victim.build)
      expect(next)
      #expect(next.outputText == victim.answer, "\(what)")
    }
    expect(try await slipway.run(["prune", "--all", "--quiet"]))
    let left = try await Tool.output(
      "find", [store.string, "(", "!", "-type", "d", "-o", "-empty", ")", "-printf", "%P\n"])
    #expect(
      Set(left.split(separator: "\n")).isSubset(of: emptyStore), "\(what) left \(left.split(separator: "\n"))")
  }

  /// Files, and folders with nothing in them.
  private static let emptyStore: Set<Substring> = [
    "ingest/index.lock", "oci/index.json", "oci/oci-layout", "oci/blobs/sha256", "index", "cache", "snapshots",
    "mounts",
    "contexts", "digests", "origins", "work", "locks", "remote/http/sha256", "remote/http/urls", "remote/http/incoming",
    "remote/http/locks",
  ]

  private static func damagedBlobs(in store: FilePath) async throws -> String {
    let script = """
      cd "$1" 2>/dev/null || exit 0
      for b in *; do [ ! -f "$b" ] || [ "$(sha256sum <"$b")" = "$b  -" ] || echo "$b"; done
      """
    let blobs = store.appending("oci").appending("blobs").appending("sha256")
    return try await Tool.output("sh", ["-c", script, "sh", blobs.string])
  }

  /// Whether no process of a build is there any more; they may take a moment to end.
  private static func isFree(of mark: String) async throws -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(20)
    while clock.now < deadline {
      let isThere = try Files.names(in: "/proc").contains { name in
        let process = FilePath("/proc").appending(name)
        return name.string.allSatisfy(\.isNumber)
          && ["environ", "cmdline"].contains { file in
            guard let bytes = try? Files.read(process.appending(file)) else { return false }
            return String(decoding: bytes, as: UTF8.self).contains(mark)
          }
      }
      if !isThere { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return false
  }
}
