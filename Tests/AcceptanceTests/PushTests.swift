import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Layers go to registries while later steps run.
@Suite struct PushTests {
  /// A command that ends when registries have blobs: `REGISTRY/REPOSITORY/blobs/DIGEST`, with blanks between.
  private static let waiting =
    #"RUN timeout 120 sh -c 'for b in $BLOBS; do until wget -q -O /dev/null "http://$b"; do usleep 20000; done; done'"#

  /// The last layers of images that were built for some platforms, on a machine of its own.
  private func lastLayers(_ place: Workplace, _ files: [String: ScratchEntry], _ arguments: [String]) async throws
    -> [String]
  {
    var slipway = place.slipway
    slipway.environment.variables["SLIPWAY_ROOT"] = place.scratch("other-store").string
    slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1000000000"
    let other = Workplace(scratch: place.scratch, registry: place.registry, slipway: slipway)
    let layout = place.scratch("layout")
    expect(
      try await other.build(
        files, ["--quiet", "--target", "first", "--output", "type=oci,tar=false,dest=\(layout)"] + arguments,
        name: "other"))
    let store = ContentStore(layout: layout)
    let top = try RawManifest(bytes: store.read(store.names().manifests[0].digest), mediaType: nil)
    let manifests: [RawManifest] =
      switch top.content {
      case .image: [top]
      case .index(let index): try index.manifests.map { try RawManifest(bytes: store.read($0.digest), mediaType: nil) }
      }
    return manifests.compactMap { manifest in
      guard case .image(let image) = manifest.content else { return nil }
      return image.layers.last?.digest.description
    }
  }

  private func uploads(_ registry: TestRegistry, of digest: String, to repository: String) throws -> Int {
    try registry.requests().count { request in
      request.method == "PUT" && request.path.hasPrefix("/v2/\(repository)/blobs/uploads/") && request.status == 201
        && request.path.contains(digest.replacingOccurrences(of: ":", with: "%3A"))
    }
  }

  /// So large a layer is sent before it is whole, and once.
  @Test func aLargeLayerIsSentWhileItIsMade() async throws {
    var generator = SystemRandomNumberGenerator()
    let noise = (0..<5_000_000).flatMap { _ in withUnsafeBytes(of: generator.next() as UInt64, Array.init) }
    try await Workplace.use { place in
      let name = "\(place.registry.authority)/team/large:1"
      expect(
        try await place.build(
          ["Dockerfile": .file("FROM scratch\nCOPY noise /\n"), "noise": .bytes(noise, mode: 0o644)],
          ["--quiet", "--tag", name, "--push"]))
      let requests = try place.registry.requests().filter { $0.path.contains("team/large/blobs/uploads/") }
      #expect(requests.count { $0.method == "PATCH" && $0.status == 202 } == 1)
      // The layer and the configuration.
      #expect(requests.count { $0.method == "PUT" && $0.status == 201 } == 2)
      let ends = ["docker://\(name)", "oci:\(place.scratch("copy"))"]
      try await Tool.run("skopeo", ["copy", "--quiet"] + place.registry.skopeoOptions(.source) + ends)
    }
  }

  private func isThere(_ layout: FilePath, _ layer: String) throws -> Bool {
    try FileStatus.ifExists(ContentStore(layout: layout).path(of: #require(Digest(layer)))) != nil
  }

  private func isKept(_ place: Workplace, _ layer: String) throws -> Bool {
    try isThere(place.slipway.store.appending("oci"), layer)
  }

  /// The layers of a base that stay where they are pass by, and are fetched when there is a use for them.
  @Test func aBaseThatStaysInItsRegistryIsNotKept() async throws {
    try await Workplace.use { place in
      let name = "\(place.registry.authority)/team/app"
      let format = ["--format", "{{index .Layers 0}}"]
      let base = try await Tool.output(
        "skopeo", ["inspect", "--tls-verify=false"] + format + ["docker://\(place.registry.authority)/base:latest"])
      let copying = [
        "Dockerfile": ScratchEntry.file("ARG BASE\nFROM $BASE\nWORKDIR /srv\nCOPY note.txt .\n"), "note.txt": "1\n",
      ]
      expect(try await place.build(copying, ["--quiet", "--tag", "\(name):1", "--push"]))
      #expect(try !isKept(place, base))
      // Whose owner is looked up in its files is kept for that.
      let owned = [
        "Dockerfile": ScratchEntry.file("ARG BASE\nFROM $BASE\nCOPY --chown=root note.txt /\n"), "note.txt": "2\n",
      ]
      expect(try await place.build(owned, ["--quiet", "--tag", "\(name):2", "--push"]))
      #expect(try isKept(place, base))
      expect(try await place.slipway.run(["prune", "--all"]))
      // Somewhere else it has to go, too.
      let layout = place.scratch("layout")
      let outputs = ["--tag", "\(name):3", "--push", "--output", "type=oci,tar=false,dest=\(layout)"]
      expect(try await place.build(copying, ["--quiet"] + outputs))
      #expect(try isKept(place, base))
      #expect(try isThere(layout, base))
      for tag in ["1", "2", "3"] {
        let copy = ["docker://\(name):\(tag)", "oci:\(place.scratch("copy-\(tag)"))"]
        try await Tool.run("skopeo", ["copy", "--quiet"] + place.registry.skopeoOptions(.source) + copy)
      }
    }
  }

  @Test func aLayerIsThereBeforeTheNextCommandEnds() async throws {
    let files: [String: ScratchEntry] = [
      "Dockerfile": .file(
        "ARG BASE\nFROM $BASE AS first\nRUN echo first >/first\nFROM first\nARG BLOBS\n\(Self.waiting)\n")
    ]
    try await Workplace.use { place in
      let digest = try #require(try await lastLayers(place, files, []).first)
      let blob = "\(place.registry.authority)/v2/team/app/blobs/\(digest)"
      var slipway = place.slipway
      slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1000000000"
      let name = "\(place.registry.authority)/team/app"
      let outcome = try await Workplace(scratch: place.scratch, registry: place.registry, slipway: slipway).build(
        files,
        [
          "--progress", "plain", "--build-arg", "BLOBS=\(blob)", "--tag", "\(name):1", "--tag", "\(name):2", "--push",
        ])
      expect(outcome)
      #expect(try uploads(place.registry, of: digest, to: "team/app") == 1)
      for tag in ["1", "2"] {
        let pushed = try await Tool.output(
          "skopeo", ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://\(name):\(tag)"])
        #expect(outcome.outputText == "\(name)@\(pushed)\n")
      }
      // Nothing was sent twice, and what the base has was mounted.
      let sent = try place.registry.requests().filter { $0.method == "PUT" && $0.path.hasPrefix("/v2/team/app/blobs/") }
      #expect(sent.count == 3, "\(sent)")
    }
  }

  @Test func everyPlatformAndRegistryGetsItsLayersEarly() async throws {
    let files: [String: ScratchEntry] = [
      "Dockerfile": .file(
        """
        ARG BASE
        FROM scratch AS first
        ARG TARGETARCH
        COPY note.txt /$TARGETARCH/
        FROM --platform=$BUILDPLATFORM $BASE AS slow
        ARG BLOBS
        \(Self.waiting) && touch /done
        FROM first
        COPY --from=slow /done /

        """), "note.txt": "ahoy\n",
    ]
    try await Workplace.use { place in
      try await TestRegistry.serve { second in
        let platforms = ["--platform", "linux/amd64,linux/arm64"]
        let digests = try await lastLayers(place, files, platforms)
        try #require(digests.count == 2)
        let repositories = [(place.registry, "app"), (place.registry, "copy"), (second, "app")]
        let blobs = repositories.flatMap { registry, name in
          digests.map { "\(registry.authority)/v2/\(name)/blobs/\($0)" }
        }
        var slipway = place.slipway
        slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1000000000"
        let tags = repositories.flatMap { ["--tag", "\($0.authority)/\($1):1"] }
        let outcome = try await Workplace(scratch: place.scratch, registry: place.registry, slipway: slipway).build(
          files,
          ["--progress", "plain", "--build-arg", "BLOBS=\(blobs.joined(separator: " "))", "--push"] + platforms + tags)
        expect(outcome)
        for digest in digests {
          #expect(try uploads(place.registry, of: digest, to: "app") == 1)
          #expect(try uploads(place.registry, of: digest, to: "copy") == 0, "it is mounted")
          #expect(try uploads(second, of: digest, to: "app") == 1)
        }
        for (registry, name) in repositories {
          let text = try await Tool.output(
            "skopeo", ["inspect", "--tls-verify=false", "--raw", "docker://\(registry.authority)/\(name):1"])
          #expect(text.contains("arm64") && text.contains("amd64"))
        }
      }
    }
  }

  @Test func aBuildThatFailsLeavesLayersThatNothingNames() async throws {
    let files: [String: ScratchEntry] = [
      "Dockerfile": .file(
        "ARG BASE\nFROM $BASE AS first\nRUN echo first >/first\nFROM first\nARG BLOBS\n\(Self.waiting); exit 7\n")
    ]
    try await Workplace.use { place in
      let digest = try #require(try await lastLayers(place, files, []).first)
      var slipway = place.slipway
      slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1000000000"
      let blob = "\(place.registry.authority)/v2/app/blobs/\(digest)"
      let outcome = try await Workplace(scratch: place.scratch, registry: place.registry, slipway: slipway).build(
        files,
        ["--progress", "plain", "--build-arg", "BLOBS=\(blob)", "--tag", "\(place.registry.authority)/app", "--push"])
      expect(outcome, endsWith: 1)
      #expect(outcome.errorText.contains("the command exited with code 7"))
      #expect(outcome.errorText.contains("ERROR: canceled"))
      let named = try place.registry.requests().filter { $0.method == "PUT" && $0.path.contains("/app/manifests/") }
      #expect(named == [])
    }
  }

  @Test(arguments: [
    TestRegistry.Configuration(access: .basic(.example)),
    TestRegistry.Configuration(access: .token(.example, anonymousPull: true, lifetime: 60)),
  ])
  func whoMayNotPushLearnsItBeforeCommandsEnd(_ configuration: TestRegistry.Configuration) async throws {
    try await Workplace.use { place in
      try await TestRegistry.serve(configuration) { guarded in
        for password in [nil, "wrong"] {
          if let password {
            try guarded.writeDockerConfiguration(
              in: place.scratch("home/.docker"), credentials: .init(user: "sailor", password: password))
          }
          // It would run for as long as one lets it.
          let outcome = try await place.build(
            ["Dockerfile": "ARG BASE\nFROM $BASE\nRUN cat /dev/zero >/dev/null\n"],
            ["--progress", "plain", "--tag", "\(guarded.authority)/app", "--push"])
          expect(outcome, endsWith: 4)
          #expect(outcome.errorText.contains("error[unauthorized]"), "\(outcome.errorText)")
        }
      }
    }
  }

  @Test func aRegistryOutOfReachIsAnErrorAtTheEnd() async throws {
    try await Workplace.use { place in
      let gone = try await TestRegistry.serve { $0.authority }
      let outcome = try await place.build(
        ["Dockerfile": "ARG BASE\nFROM $BASE\nRUN echo ran >/ran\n"],
        ["--progress", "plain", "--tag", "\(gone)/app", "--push"])
      expect(outcome, endsWith: 69)
      #expect(outcome.errorText.contains("error[registry-unreachable]"), "\(outcome.errorText)")
      #expect(outcome.errorText.contains("exporting to image"))
    }
  }
}
