import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// What builds download, by the log of the registry.
@Suite struct FetchTests {
  /// Another machine: an empty store and a context of its own.
  private func machine(_ name: String, _ place: Workplace) -> Workplace {
    var slipway = place.slipway
    slipway.environment.variables["SLIPWAY_ROOT"] = place.scratch("store-\(name)").string
    return Workplace(scratch: place.scratch, registry: place.registry, slipway: slipway)
  }

  private func layers(_ name: String) async throws -> [String] {
    let text = try await Tool.output("skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(name)"])
    return try JSONDocument.decode(ImageManifest.self, from: Array(text.utf8), called: "manifest").layers
      .map(\.digest.description)
  }

  /// How often each blob is read while `body` runs.
  private func reads(_ place: Workplace, _ body: () async throws -> Void) async throws -> [String: Int] {
    let before = try place.registry.requests().count
    try await body()
    return try place.registry.requests().dropFirst(before).reduce(into: [:]) { reads, request in
      guard request.method == "GET", request.path.contains("/blobs/sha256:"),
        let digest = request.path.split(separator: "/").last
      else { return }
      reads[String(digest), default: 0] += 1
    }
  }

  /// Pushes an image and returns its layers, the base's first: big, dir, small are in one each.
  private func pushTools(_ place: Workplace, as name: String) async throws -> [String] {
    expect(
      try await machine("tools", place).build(
        [
          "Dockerfile": "ARG BASE\nFROM $BASE\nCOPY big /big\nCOPY dir /dir\nCOPY small /small\n", "big": "big\n",
          "dir/file": "in\n", "small": "small\n",
        ], ["--quiet", "--tag", name, "--push"], name: "tools"))
    let layers = try await layers(name)
    try #require(layers.count == 4)
    return layers
  }

  @Test func copiesFetchTheLayersThatTheyNeed() async throws {
    try await Workplace.use { place in
      let tools = "\(place.registry.authority)/tools:1"
      let layers = try await pushTools(place, as: tools)
      // Down to the one that has the file; a folder may have something in every layer.
      for (path, needed) in [("small", [3]), ("big", [1, 2, 3]), ("dir", [0, 1, 2, 3])] {
        let reads = try await reads(place) {
          expect(
            try await machine(path, place).build(
              ["Dockerfile": .file("FROM scratch\nCOPY --from=\(tools) /\(path) /x\n")], ["--quiet"], name: path))
        }
        #expect(layers.indices.filter { reads[layers[$0]] != nil } == needed, "\(path)")
        #expect(reads.values.allSatisfy { $0 == 1 }, "\(path): \(reads)")
      }
      // What layers hold is known on this machine; the layers are gone.
      let known = machine("dir", place)
      for (path, needed) in [("small", [3]), ("big", [1]), ("dir", [2])] {
        for layer in layers {
          try Files.removeTree(known.slipway.store.appending("oci/blobs/sha256").appending(String(layer.dropFirst(7))))
        }
        let reads = try await reads(place) {
          expect(
            try await known.build(
              ["Dockerfile": .file("FROM scratch\nCOPY --from=\(tools) /\(path) /y\n")], ["--quiet"], name: path))
        }
        #expect(layers.indices.filter { reads[layers[$0]] != nil } == needed, "\(path)")
      }
    }
  }

  /// Of the base, whose users are asked for, the layer that lists them.
  @Test func ownersFetchTheLayerThatNamesThem() async throws {
    try await Workplace.use { place in
      let tools = "\(place.registry.authority)/tools:1"
      let layers = try await pushTools(place, as: tools)
      let known = machine("known", place)
      let files: [String: ScratchEntry] = ["Dockerfile": .file("FROM \(tools)\nCOPY a /a\n"), "a": "a\n"]
      expect(try await known.build(files, ["--quiet"], name: "plain"))
      for layer in layers {
        try Files.removeTree(known.slipway.store.appending("oci/blobs/sha256").appending(String(layer.dropFirst(7))))
      }
      let reads = try await reads(place) {
        let changed = files.merging(["Dockerfile": .file("FROM \(tools)\nCOPY --chown=app a /a\n")]) { $1 }
        expect(try await known.build(changed, ["--quiet"], name: "owned"))
      }
      #expect(layers.indices.filter { reads[layers[$0]] != nil } == [0])
    }
  }

  @Test func aStepThatACacheMissesFetchesWhatItCopies() async throws {
    let files: [String: ScratchEntry] = [
      "Dockerfile": """
      ARG BASE
      FROM $BASE AS tools
      RUN echo other >/other
      RUN echo tool >/tool
      FROM scratch
      COPY a /a
      COPY --from=tools /tool /tool

      """, "a": "a\n",
    ]
    try await Workplace.use { place in
      let cache = "\(place.registry.authority)/cache:main"
      expect(
        try await machine("one", place).build(
          files, ["--quiet", "--cache-to", "type=registry,ref=\(cache),mode=max"], name: "one"))
      let stored = Set(try await layers(cache) + layers(place.base))
      let out = place.scratch("out")
      let reads = try await reads(place) {
        expect(
          try await machine("two", place).build(
            files.merging(["a": "changed\n"]) { $1 },
            ["--quiet", "--cache-from", cache, "--output", out.string], name: "two"))
      }
      #expect(try Files.read(out.appending("tool")) == Array("tool\n".utf8))
      #expect(reads.keys.count { stored.contains($0) } == 1, "\(reads)")
    }
  }
}
