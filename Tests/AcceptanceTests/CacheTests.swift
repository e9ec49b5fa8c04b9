import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Machines that share nothing but a registry, or a folder, build with each other's results.
@Suite struct CacheTests {
  private static let files: [String: ScratchEntry] = [
    "Dockerfile": """
    ARG BASE
    FROM $BASE AS tools
    RUN mkdir /out && echo tool >/out/tool
    FROM $BASE
    COPY a /a
    COPY --from=tools /out /
    RUN --mount=from=tools,target=/t cat /t/out/tool /a >/both
    COPY b /b
    CMD ["/bin/sh"]

    """,
    "a": "a\n", "b": "b\n",
  ]
  private static let steps = 5

  /// Another machine: an empty store and a context of its own.
  private func machine(_ number: Int, _ place: Workplace) -> Workplace {
    var slipway = place.slipway
    slipway.environment.variables["SLIPWAY_ROOT"] = place.scratch("store-\(number)").string
    return Workplace(scratch: place.scratch, registry: place.registry, slipway: slipway)
  }

  private static func cachedSteps(_ outcome: ChildProcess.Outcome) -> Int {
    outcome.errorText.split(separator: "\n").count { $0.hasSuffix(" CACHED") }
  }

  private func manifest(_ name: String) async throws -> ImageManifest {
    let text = try await Tool.output("skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(name)"])
    return try JSONDocument.decode(ImageManifest.self, from: Array(text.utf8), called: "manifest")
  }

  /// The blobs that were read since `count` requests had been made.
  private func blobsRead(_ place: Workplace, after count: Int) throws -> Set<String> {
    let requests = try place.registry.requests().dropFirst(count)
    return Set(
      requests.filter { $0.method == "GET" && $0.path.contains("/blobs/sha256:") }
        .compactMap { $0.path.split(separator: "/").last.map(String.init) })
  }

  @Test func anEmptyStoreReadsManifestsAndTheListOfResultsOnly() async throws {
    try await Workplace.use { place in
      let name = "\(place.registry.authority)/app"
      let cache = "\(place.registry.authority)/cache:main"
      let first = try await machine(1, place).build(
        Self.files,
        ["--progress", "plain", "--tag", "\(name):1", "--push", "--cache-to", "type=registry,ref=\(cache),mode=max"],
        name: "one")
      expect(first)
      let before = try place.registry.requests().count
      let second = try await machine(2, place).build(
        Self.files, ["--progress", "plain", "--tag", "\(name):2", "--push", "--cache-from", cache], name: "two")
      expect(second)
      #expect(Self.cachedSteps(second) == Self.steps, "\(second.errorText)")
      #expect(second.outputText == first.outputText)
      let document = try await manifest(cache)
      let base = try await manifest(place.base)
      #expect(
        try blobsRead(place, after: before) == [document.config.digest.description, base.config.digest.description])
      #expect(!(try await machine(2, place).storeContents()).contains("snapshots"))
      let uploads = try place.registry.requests().dropFirst(before).filter {
        $0.method == "PUT" && $0.path.contains("/blobs/")
      }
      #expect(uploads == [])
    }
  }

  @Test func aChangedFileRunsFromThereOnAndFetchesWhatItNeeds() async throws {
    try await Workplace.use { place in
      let cache = "\(place.registry.authority)/cache:main"
      expect(
        try await machine(1, place).build(
          Self.files, ["--quiet", "--cache-to", "type=registry,ref=\(cache),mode=max"], name: "one"))
      var files = Self.files
      files["a"] = "changed\n"
      let out = place.scratch("out")
      let second = try await machine(2, place).build(
        files, ["--progress", "plain", "--cache-from", cache, "--output", out.string], name: "two")
      expect(second)
      #expect(Self.cachedSteps(second) == 1, "\(second.errorText)")
      #expect(try await Tool.output("cat", ["\(out)/both"]) == "tool\nchanged")
    }
  }

  @Test func modesKeepTheStagesThatTheySay() async throws {
    try await Workplace.use { place in
      let cache = "\(place.registry.authority)/cache"
      expect(
        try await machine(1, place).build(
          Self.files,
          ["--quiet", "--cache-to", "\(cache):min", "--cache-to", "type=registry,ref=\(cache):max,mode=max"],
          name: "one"))
      #expect(try await manifest("\(cache):min").layers.count == Self.steps - 1)
      #expect(try await manifest("\(cache):max").layers.count == Self.steps)
      let second = try await machine(2, place).build(
        Self.files, ["--progress", "plain", "--cache-from", "\(cache):min"], name: "two")
      expect(second)
      #expect(Self.cachedSteps(second) == Self.steps - 1, "\(second.errorText)")
    }
  }

  @Test func anImageIsItsOwnCache() async throws {
    try await Workplace.use { place in
      let name = "\(place.registry.authority)/app:1"
      let files: [String: ScratchEntry] = [
        "Dockerfile": "ARG BASE\nFROM $BASE\nCOPY a /a\nRUN cp /a /copy\n", "a": "a\n",
      ]
      expect(
        try await machine(1, place).build(
          files, ["--quiet", "--tag", name, "--push", "--cache-to", "type=inline"], name: "one"))
      // Others read it as an image.
      let layers = try await Tool.output(
        "skopeo", ["inspect", "--tls-verify=false", "--format", "{{len .Layers}}", "docker://\(name)"])
      let image = try await manifest(name)
      #expect(layers == "\(image.layers.count)")
      let before = try place.registry.requests().count
      let second = try await machine(2, place).build(files, ["--progress", "plain", "--cache-from", name], name: "two")
      expect(second)
      #expect(Self.cachedSteps(second) == 2, "\(second.errorText)")
      #expect(
        try blobsRead(place, after: before).isDisjoint(with: image.layers.map(\.digest.description)))
    }
  }

  @Test func aFolderIsACacheToo() async throws {
    try await Workplace.use { place in
      let folder = place.scratch("cache")
      expect(
        try await machine(1, place).build(
          Self.files, ["--quiet", "--cache-to", "type=local,dest=\(folder),mode=max"], name: "one"))
      let text = try await Tool.output("skopeo", ["inspect", "--raw", "oci:\(folder):latest"])
      #expect(text.contains("application/vnd.slipway.cache.v1+json"))
      let second = try await machine(2, place).build(
        Self.files, ["--progress", "plain", "--cache-from", "type=local,src=\(folder)"], name: "two")
      expect(second)
      #expect(Self.cachedSteps(second) == Self.steps, "\(second.errorText)")
    }
  }

  @Test func aCacheOutOfReachIsAWarningAndOneThatCannotBeWrittenAnError() async throws {
    try await Workplace.use { place in
      // Nothing listens on the port of what has ended.
      let gone = try await TestRegistry.serve { $0.authority }
      let files: [String: ScratchEntry] = ["Dockerfile": "ARG BASE\nFROM $BASE\nCOPY a /a\n", "a": "a\n"]
      let read = try await place.build(
        files,
        ["--progress", "plain", "--cache-from", "\(gone)/cache", "--cache-from", "\(place.registry.authority)/none"])
      expect(read)
      #expect(read.errorText.ranges(of: "warning[cache-not-imported]").count == 2, "\(read.errorText)")
      let to = "type=registry,ref=\(gone)/cache"
      let written = try await place.build(files, ["--progress", "plain", "--cache-to", to])
      #expect(written.status != 0)
      let ignored = try await place.build(files, ["--progress", "plain", "--cache-to", "\(to),ignore-error=true"])
      expect(ignored)
      #expect(ignored.errorText.contains("warning[cache-not-exported]"), "\(ignored.errorText)")
    }
  }
}
