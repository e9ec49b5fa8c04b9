import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// The store as people see it: what it takes, what goes, and what builds leave when they are killed.
struct StoreTests {
  private static let dockerfile = """
    ARG BASE
    FROM $BASE AS build
    COPY a /a
    RUN --mount=type=cache,target=/c cp /a /c/a && cp /a /b && mkdir -p /x/y/z
    FROM $BASE AS other
    COPY b /b
    RUN cp /b /c
    FROM $BASE
    COPY --from=build /b /x /
    COPY --from=other /c /
    RUN cat /b /c >/d

    """
  private static let files: [String: ScratchEntry] = [
    "Dockerfile": .file(dockerfile), "a": .file(String(repeating: "a", count: 200_000)), "b": "b",
  ]

  @Test func whatIsThereIsShownAndGoes() async throws {
    try await Workplace.use { place in
      expect(try await place.build(Self.files, ["--tag", "app", "--quiet"]))
      let table = try await place.slipway.run(["du", "--verbose"]).outputText
      #expect(table.contains("docker.io/library/app:latest"))
      #expect(table.contains("\ntotal "))
      let before = try await place.slipway.storeReport()
      #expect(before.reclaimable > 0 && before.reclaimable < before.size)
      #expect(before.items.reduce(0) { $0 + $1.size } == before.size)
      let pruned = try await place.slipway.run(["prune", "--format", "json"])
      expect(pruned)
      #expect(pruned.outputText.contains("\"reclaimed\" : \(before.reclaimable)"))
      let after = try await place.slipway.storeReport()
      #expect(after.size == before.size - before.reclaimable && after.reclaimable == 0)
      let all = try await place.slipway.run(["prune", "--all"])
      expect(all)
      #expect(all.outputText.hasPrefix("untagged docker.io/library/app:latest\n"))
      #expect(all.outputText.contains("\nreclaimed "))
      #expect(try await place.slipway.storeReport().items.isEmpty)
      #expect(try await place.slipway.run(["prune", "--all"]).outputText == "reclaimed 0B\n")
    }
  }

  /// What a plain user unpacks belongs to ids that the user has in a namespace only.
  @Test func plainUsersPruneWhatTheyBuilt() async throws {
    try await Workplace.use { place in
      let context = try place.scratch.write(
        [
          "Dockerfile": """
          ARG BASE
          FROM $BASE
          RUN mkdir -p -m 700 /a/b && echo x >/a/b/c && chmod 0 /a/b && chown -R app:app /a
          RUN --mount=type=cache,target=/c,uid=1000,mode=0700 touch /c/x

          """
        ], in: "context")
      try await PlainUser.use { user in
        let slipway = place.slipway
        expect(
          try await slipway.run(
            ["build", "--quiet", "--tag", "app", "--build-arg", "BASE=\(place.base)", context.string], as: user))
        let before = try await slipway.run(["du", "--format", "json"], as: user)
        expect(before)
        let usage = try JSONDecoder().decode(StoreReport.self, from: Data(before.outputText.utf8))
        #expect(usage.items.contains { $0.type == "cache-mount" })
        let all = try await slipway.run(["prune", "--all"], as: user)
        expect(all)
        let files = try await Tool.output(
          "find", [user.home.appending("store").string, "-type", "f", "-printf", "%f\n"])
        #expect(Set(files.split(separator: "\n")) == ["index.json", "index.lock", "oci-layout"])
      }
    }
  }

  /// Whatever prune does, builds find what they need, and make what they would make alone.
  @Test func pruningDoesNotDisturbBuilds() async throws {
    try await Workplace.use { place in
      var slipway = place.slipway
      slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1000000000"
      let context = try place.scratch.write(Self.files, in: "context").string
      let base = place.base
      let build: @Sendable (Int) -> [String] = { number in
        ["build", "--build-arg", "BASE=\(base)", "--quiet", "--tag", "app\(number)", context]
      }
      let reference = try await slipway.run(build(0)).outputText.split(separator: "@").last
      let program = slipway
      try await withThrowingTaskGroup(of: ChildProcess.Outcome.self) { group in
        for number in 1...3 {
          group.addTask {
            for _ in 1...3 {
              let outcome = try await program.run(build(number))
              expect(outcome)
              #expect(outcome.outputText.split(separator: "@").last == reference)
            }
            return try await program.run(build(number))
          }
          group.addTask {
            for _ in 1...10 { expect(try await program.run(["prune", "--all", "--quiet"])) }
            return try await program.run(["prune", "--all", "--quiet"])
          }
        }
        for try await outcome in group { expect(outcome) }
      }
      expect(try await slipway.run(["prune", "--all", "--quiet"]))
      #expect(try await place.slipway.storeReport().items.isEmpty)
    }
  }

  @Test(arguments: [
    (["--filter", "untill=3h"], "did you mean until?"), (["--filter", "until=soon"], "90m, 24h or 7d"),
    (["--filter", "type=snapshots"], "did you mean snapshot?"), (["--filter", "id"], "write NAME=VALUE"),
    (["--keep-storage", "much"], "such as 512m or 10g"),
    (["--filter", "until=99999999999999999999h"], "90m, 24h or 7d"),
  ])
  func mistakesChangeNothing(_ arguments: [String], _ help: String) async throws {
    try await Scratch.use("store") { scratch in
      let outcome = try await SlipwayBinary(scratch).run(["prune"] + arguments)
      expect(outcome, endsWith: 2)
      #expect(outcome.errorText.contains(help) && outcome.outputText.isEmpty)
      #expect(try FileStatus.ifExists(scratch("store")) == nil)
    }
  }

  /// Counted by system calls: only the Dockerfile is read of a context that is as it was, and no blob is opened.
  @Test func aBuildThatChangesNothingReadsNothing() async throws {
    try await Workplace.use { place in
      // Files that changed just now are not trusted; those of the checkout have been there for a while.
      let context = Checkout.root.appending("fixtures").appending("hello-ecs")
      let dockerfile = place.scratch("Dockerfile")
      try place.scratch.write(["Dockerfile": "ARG BASE\nFROM $BASE\nCOPY . /all\nRUN true\nCOPY app /app\n"])
      let build = [
        "build", "--quiet", "--build-arg", "BASE=\(place.base)", "--file", dockerfile.string, context.string,
      ]
      expect(try await place.slipway.run(build))
      let trace = place.scratch("trace")
      expect(
        try await Tool.attempt(
          "strace",
          ["-f", "-qq", "-e", "trace=openat,open,openat2", "-o", trace.string, place.slipway.executable.string] + build,
          environment: place.slipway.environment))
      let opened = String(decoding: try Files.read(trace), as: UTF8.self)
      let store = place.slipway.store.string
      #expect(Self.lines(of: opened, with: "\(store)/digests/").count == 1)
      #expect(Self.lines(of: opened, with: "\(store)/oci/blobs") == [])
      // Folders have to be listed, and .dockerignore is looked for.
      let read = Self.lines(of: opened, with: "\"\(context)").filter { line in
        !line.contains("O_DIRECTORY") && !line.contains(".dockerignore")
      }
      #expect(read == [])
    }
  }

  private static func lines(of text: String, with part: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { $0.contains(part) }
  }

  @Test func onlyAsManyStepsRunAsAreWanted() async throws {
    try await Workplace.use { place in
      let stages = (1...4).map { "FROM $BASE AS s\($0)\nRUN echo \($0) >/made\n" }.joined()
      let copies = (1...4).map { "COPY --from=s\($0) /made /\($0)\n" }.joined()
      let files = ["Dockerfile": ScratchEntry.file("ARG BASE\n\(stages)FROM $BASE\n\(copies)")]
      let outcome = try await place.build(files, ["--jobs", "1", "--progress", "plain"])
      expect(outcome)
      // One step is done before the next begins. A title comes again after lines of other steps.
      var running: Set<Substring> = []
      var done: Set<Substring> = []
      for line in outcome.errorText.split(separator: "\n") {
        guard let number = line.split(separator: " ").first else { continue }
        if line.contains("] RUN ") { running.insert(number) }
        if line.hasPrefix("\(number) DONE"), running.remove(number) != nil { done.insert(number) }
        #expect(running.count <= 1, "\(outcome.errorText)")
      }
      #expect(done.count == 4)
      expect(try await place.build(files, ["--jobs", "0"]), endsWith: 2)
    }
  }
}
