import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// Whole builds: what is made, what is taken from the store, and what is left behind.
struct BuildTests {
  private let bench: BuildBench

  init() throws {
    bench = try BuildBench()
    try bench.scratch.write(["a": "a", "b": "b", "d/one": "1", "d/two": "2"], in: "context")
  }

  private static let dockerfile = """
    FROM base
    ENV A=1
    COPY a /a
    RUN cp /a /copy
    COPY b /b
    RUN mkdir /made && cat /a /b >/made/both
    CMD ["x"]
    """
  private static let steps = ["COPY a /a", "RUN cp /a /copy", "COPY b /b", "RUN mkdir /made && cat /a /b >/made/both"]

  @Test func secondBuildIsAllCachedAndTheSame() async throws {
    let first = try await bench.build(Self.dockerfile)
    #expect(first.ran == Self.steps && first.cached.isEmpty)
    #expect(try await bench.text("made/both", in: first.image) == "ab")
    let second = try await bench.build(Self.dockerfile)
    #expect(second.cached == Self.steps && second.ran.isEmpty)
    #expect(second.image.manifest.descriptor == first.image.manifest.descriptor)
  }

  @Test func withoutCacheEverythingRunsAndComesOutTheSame() async throws {
    var bench = bench
    bench.epoch = Timestamp(seconds: 1_000_000_000)
    let first = try await bench.build(Self.dockerfile)
    bench.ignoresCache = true
    let second = try await bench.build(Self.dockerfile)
    #expect(second.ran == Self.steps)
    #expect(second.image.manifest.descriptor == first.image.manifest.descriptor)
    #expect(second.image.layers.map(\.diffID) == first.image.layers.map(\.diffID))
  }

  @Test func anotherStoreGivesTheSameImage() async throws {
    var (here, there) = (bench, try BuildBench())
    here.epoch = Timestamp(seconds: 1_000_000_000)
    there.epoch = here.epoch
    try there.scratch.write(["a": "a", "b": "b"], in: "context")
    // What was built without an epoch must not be taken for a build with one.
    var dated = here
    dated.epoch = nil
    _ = try await dated.build(Self.dockerfile)
    let first = try await here.build(Self.dockerfile)
    let second = try await there.build(Self.dockerfile)
    #expect(first.image.manifest.descriptor == second.image.manifest.descriptor)
  }

  @Test func aChangedFileRebuildsWhatFollows() async throws {
    let first = try await bench.build(Self.dockerfile)
    try bench.scratch.write(["b": "changed"], in: "context")
    let second = try await bench.build(Self.dockerfile)
    #expect(second.cached == Array(Self.steps[..<2]))
    #expect(second.ran == Array(Self.steps[2...]))
    #expect(try await bench.text("made/both", in: second.image) == "achanged")
    #expect(second.image.layers[..<3].map(\.diffID) == first.image.layers[..<3].map(\.diffID))
    try bench.scratch.write(["b": "b"], in: "context")
    let third = try await bench.build(Self.dockerfile)
    #expect(third.ran.isEmpty)
    #expect(third.image.manifest.descriptor == first.image.manifest.descriptor)
  }

  @Test func timesOfTheContextDoNotRebuild() async throws {
    _ = try await bench.build(Self.dockerfile)
    try await Tool.run("touch", ["-d", "2001-02-03", bench.context.appending("a").string])
    #expect(try await bench.build(Self.dockerfile).ran.isEmpty)
    try Files.setMode(bench.context.appending("a"), 0o600)
    #expect(try await bench.build(Self.dockerfile).ran.first == "COPY a /a")
  }

  @Test func filesThatNothingCopiesDoNotRebuild() async throws {
    _ = try await bench.build(Self.dockerfile)
    try bench.scratch.write(["d/one": "changed", "new": "n"], in: "context")
    #expect(try await bench.build(Self.dockerfile).ran.isEmpty)
  }

  @Test func twoBuildsAtOnceShareTheirWork() async throws {
    let dockerfile = "FROM base\nCOPY a /\nRUN echo worked && cp /a /b\nRUN echo worked && cp /b /c\n"
    let (bench, count) = (bench, 3)
    let outcomes = try await withThrowingTaskGroup(of: BuildBench.Outcome.self) { group in
      for _ in 0..<count { group.addTask { try await bench.build(dockerfile) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count == count)
    #expect(Set(outcomes.map(\.image.manifest.descriptor)).count == 1)
    #expect(outcomes.map(\.log).joined().ranges(of: "worked").count == 2)
    #expect(try await leftovers().isEmpty)
  }

  @Test func aCommandThatFailsLeavesTheStoreAsItWas() async throws {
    _ = try await bench.build("FROM base\nCOPY a /\nRUN true\n")
    let before = try await bench.storedPaths()
    let error = await #expect(throws: BuilderError.self) {
      try await bench.build("FROM base\nCOPY a /\nRUN true\nRUN echo half >/half; echo told; exit 7\n")
    }
    #expect(try await bench.storedPaths() == before)
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.code == "run-failed")
    #expect(diagnostic.message.contains("code 7"))
    #expect(diagnostic.notes.contains { $0.message.contains("told") })
    #expect(diagnostic.annotation != nil)
  }

  @Test func aCopyThatFailsLeavesTheStoreAsItWas() async throws {
    _ = try await bench.build("FROM base\nCOPY a /x/a\n")
    let before = try await bench.storedPaths()
    for line in ["COPY d /x/a", "COPY none /", "COPY none/* /y/"] {
      await #expect(throws: BuilderError.self) { try await bench.build("FROM base\nCOPY a /x/a\n\(line)\n") }
    }
    #expect(try await bench.storedPaths() == before)
  }

  @Test func filesOfWhomTheImageDoesNotKnowBelongToRoot() async throws {
    let outcome = try await bench.build("FROM base\nCOPY --chown=nobody-there:app a /y\n")
    #expect(outcome.log.contains("the image has no user \"nobody-there\""))
    let error = await #expect(throws: BuilderError.self) {
      try await bench.build("FROM scratch\nCOPY --chown=app a /y\n")
    }
    #expect(error?.diagnostics.first?.code == "unknown-owner")
  }

  @Test func copiesNeedNeitherUnpackingNorACommand() async throws {
    let outcome = try await bench.build("FROM base\nCOPY --chown=app d /x\nWORKDIR /w\n")
    #expect(
      try bench.layer(1, of: outcome.image) == [
        "x: folder 755 1000:1000", "x/one: file 644 1000:1000", "x/two: file 644 1000:1000",
      ])
    #expect(try bench.layer(2, of: outcome.image) == ["w: folder 755 0:0"])
    #expect(try FileStatus.ifExists(bench.store.root.appending("snapshots")) == nil)
  }

  @Test func stagesShareNothingButWhatIsCopied() async throws {
    let outcome = try await bench.build(
      """
      FROM base AS one
      RUN mkdir -p /out/deep && echo kept >/out/deep/f && chown -R 5:6 /out && chmod 4711 /out/deep/f
      FROM scratch
      COPY --from=one /out /
      """)
    let lines = try bench.layer(0, of: outcome.image)
    #expect(lines == ["deep: folder 755 5:6", "deep/f: file 4711 5:6"])
    #expect(try await bench.text("deep/f", in: outcome.image) == "kept\n")
  }

  @Test func linkedCopiesDoNotDependOnWhatIsBelow() async throws {
    let first = try await bench.build("FROM base\nRUN ln -s /etc /x && true\nCOPY --link d /x/y/\n")
    let second = try await bench.build("FROM base\nRUN mkdir /other\nCOPY --link d /x/y/\n")
    #expect(first.image.layers.last?.diffID == second.image.layers.last?.diffID)
    #expect(second.cached == ["COPY --link d /x/y/"])
    let names = try bench.layer(-1, of: first.image)
    #expect(names == ["x: folder 755 0:0", "x/y: folder 755 0:0", "x/y/one: file 644 0:0", "x/y/two: file 644 0:0"])
  }

  @Test func aFileThatChangesWhileItIsCopiedIsFoundOut() async throws {
    let store = bench.store
    let commit = LayerCommit(store: store, compression: .none, latestTime: nil)
    let entry = LayerIndex.Item.file("f", "changed").entry
    let item = PendingLayer.Item(
      entry: entry, content: .bytes(Array("changed".utf8)), expectedSHA256: SHA256Hasher.digest(of: "before!".utf8))
    let error = #expect(throws: BuilderError.self) { try commit.write([item]) }
    #expect(error?.diagnostics.first?.code == "file-changed")
    let left = try await Tool.output("find", [store.root.string, "-type", "f", "-not", "-name", "oci-layout"])
    #expect(left.isEmpty)
  }

  private func leftovers() async throws -> [String] {
    try await bench.storedPaths().filter { path in
      ["/work/", "/locks/", "/ingest/"].contains { path.contains($0) }
    }
  }
}
