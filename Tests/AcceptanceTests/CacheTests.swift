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

  // MARK: Cache mounts

  private static func counting(_ remark: String) -> [String: ScratchEntry] {
    [
      "Dockerfile": """
      ARG BASE
      FROM $BASE AS build
      RUN --mount=type=cache,id=count,target=/c echo x >>/c/n && wc -l </c/n >/count # \(remark)
      FROM $BASE
      COPY --from=build /count /

      """
    ]
  }

  /// What a build of a machine counted.
  private func count(_ number: Int, _ remark: String, _ place: Workplace, _ arguments: [String]) async throws -> String
  {
    let out = place.scratch("out-\(number)-\(remark)")
    expect(
      try await machine(number, place).build(
        Self.counting(remark), ["--quiet", "--output", out.string] + arguments, name: "counting-\(number)"))
    return try await Tool.output("cat", [out.appending("count").string])
  }

  @Test func foldersOfCacheMountsTravelThroughARegistry() async throws {
    try await Workplace.use { place in
      let cache = "\(place.registry.authority)/cache:main"
      let to = ["--cache-to", "type=registry,ref=\(cache),mounts=true"]
      #expect(try await count(1, "one", place, to) == "1")
      let first = try await manifest(cache)
      let archive = try #require(first.layers.first { $0.annotations?["vnd.slipway.cache.mount.id"] == "/count" })
      #expect(first.mediaType == .ociManifest && archive.mediaType == .ociLayerGzip)

      // A build that runs nothing reads no archive, and leaves the cache as it was, also in another repository.
      let other = "\(place.registry.authority)/other:main"
      let before = try place.registry.requests().count
      let known = try await machine(2, place).build(
        Self.counting("one"),
        ["--progress", "plain", "--cache-from", cache, "--cache-to", "type=registry,ref=\(other),mounts=count"] + to,
        name: "known")
      expect(known)
      #expect(known.errorText.contains("and 1 cache mount of earlier builds"), "\(known.errorText)")
      let base = try await manifest(place.base)
      #expect(
        try blobsRead(place, after: before)
          == [first.config.digest.description, base.config.digest.description])
      #expect(try await manifest(cache) == first)
      #expect(try await manifest(other) == first)
      #expect(!(try await machine(2, place).storeContents()).contains("mounts"))

      // One that runs goes on where the other machine was.
      #expect(try await count(3, "two", place, ["--cache-from", other] + to) == "2")
      #expect(try await count(4, "three", place, ["--cache-from", cache]) == "3")
      let usage = try await machine(4, place).slipway.run(["du"])
      #expect(usage.outputText.contains("cache-mount"), "\(usage.outputText)")

      // It is an image to others.
      let copy = place.scratch("copy")
      try await Tool.run(
        "skopeo", ["copy", "--all", "--src-tls-verify=false", "docker://\(cache)", "oci:\(copy):main"])
      #expect(try await count(5, "four", place, ["--cache-from", "type=local,src=\(copy),tag=main"]) == "3")
    }
  }

  @Test func foldersOfCacheMountsTravelInAFolder() async throws {
    try await Workplace.use { place in
      let folder = place.scratch("cache")
      let to = ["--cache-to", "type=local,dest=\(folder),mounts=true"]
      let from = ["--cache-from", "type=local,src=\(folder)"]
      #expect(try await count(1, "one", place, to) == "1")
      #expect(try await count(2, "two", place, from + to) == "2")
      // A machine that has the folder already goes on with its own.
      #expect(try await count(1, "three", place, from) == "2")
      // Whatever became of the archive, the build goes on.
      let image = try #require(try ContentStore(layout: folder).names().manifests.first)
      let text = try await Tool.output("skopeo", ["inspect", "--raw", "oci:\(folder):latest"])
      let manifest = try JSONDocument.decode(ImageManifest.self, from: Array(text.utf8), called: "manifest")
      #expect(image.mediaType == .ociManifest)
      let archive = try #require(manifest.layers.first { $0.annotations != nil })
      try Files.writeAtomically([1, 2, 3], to: ContentStore(layout: folder).path(of: archive.digest))
      let damaged = try await machine(3, place).build(
        Self.counting("four"), ["--progress", "plain"] + from, name: "damaged")
      expect(damaged)
      #expect(damaged.errorText.contains("warning[cache-mount-missing]"), "\(damaged.errorText)")
    }
  }

  /// Owners are those that commands see.
  @Test func foldersOfCacheMountsTravelFromUserToUser() async throws {
    try await Workplace.use { place in
      let cache = "\(place.registry.authority)/cache:main"
      func dockerfile(_ command: String) -> String {
        "ARG BASE\nFROM $BASE\nRUN --mount=type=cache,target=/c \(command)\n"
      }
      let look = "stat -c '%n %a %u %g' /c/a"
      expect(
        try await machine(1, place).build(
          ["Dockerfile": .init(stringLiteral: dockerfile("echo >/c/a && chown 1234:56 /c/a && chmod 4750 /c/a"))],
          ["--quiet", "--cache-to", "type=registry,ref=\(cache),mounts=true"], name: "root"))
      let context = try place.scratch.write(
        ["Dockerfile": .init(stringLiteral: dockerfile(look + " && chown 7:8 /c/a && chmod 640 /c/a"))], in: "plain")
      try await PlainUser.use { user in
        let outcome = try await place.slipway.run(
          [
            "build", "--progress", "plain", "--build-arg", "BASE=\(place.base)", "--cache-from", cache, "--cache-to",
            "type=registry,ref=\(cache),mounts=true", context.string,
          ], as: user)
        expect(outcome)
        #expect(outcome.errorText.contains("/c/a 4750 1234 56"), "\(outcome.errorText)")
      }
      let back = try await machine(2, place).build(
        ["Dockerfile": .init(stringLiteral: dockerfile(look))], ["--progress", "plain", "--cache-from", cache],
        name: "back")
      expect(back)
      #expect(back.errorText.contains("/c/a 640 7 8"), "\(back.errorText)")
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
