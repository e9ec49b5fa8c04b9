import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Images for several platforms that are put together afterwards.
@Suite struct ManifestTests {
  /// Builds for one platform, and pushes.
  private func build(
    _ platform: String, _ name: String, _ place: Workplace, metadata: FilePath? = nil
  ) async throws {
    let outcome = try await place.build(
      ["Dockerfile": "ARG BASE\nFROM scratch\nARG TARGETARCH\nCOPY Dockerfile /$TARGETARCH\nLABEL arch=$TARGETARCH\n"],
      ["--quiet", "--platform", platform, "--tag", name, "--push"]
        + (metadata.map { ["--metadata-file", $0.string] } ?? []))
    expect(outcome)
  }

  private func labels(_ name: String, _ architecture: String, _ registry: TestRegistry) async throws -> String {
    try await Tool.output(
      "skopeo",
      ["--override-arch", architecture, "inspect", "--format", "{{.Labels.arch}}"] + registry.skopeoOptions
        + ["docker://\(name)"])
  }

  @Test func buildsOfSeveralMachinesAreMerged() async throws {
    try await Workplace.use(.init(access: .token(.example))) { place in
      let images = SampleImages(place: place)
      let (a, b) = (place.scratch("a.json"), place.scratch("b.json"))
      try await build("linux/amd64", "\(images.authority)/team/app:amd64", place, metadata: a)
      try await build("linux/arm64", "\(images.authority)/team/app:arm64", place, metadata: b)
      let names = ["\(images.authority)/team/app:1", "\(images.authority)/other/app:1"]
      let answer = try await images.slipway(
        ["manifest", "merge", "--quiet", a.string, b.string, "--annotation", "of=both"]
          + names.flatMap { ["--tag", $0] })
      let lines = answer.split(separator: "\n").map(String.init)
      #expect(lines.count == 2)
      for (name, line) in zip(names, lines) {
        #expect(line == "\(name.dropLast(2))@\(try await images.digest("docker://\(name)"))")
        for architecture in ["amd64", "arm64"] {
          #expect(try await labels(name, architecture, place.registry) == architecture)
        }
        #expect(
          try await images.slipway(["validate", "--quiet", "docker://\(name)"]).contains("is valid: 3 manifests"))
        #expect(try await images.slipway(["inspect", "--quiet", "docker://\(name)"]).contains("of=both"))
      }
      let twice = try await place.slipway.run(["manifest", "merge", "--quiet", a.string, names[0], "--tag", names[1]])
      #expect(twice.status == 0, "the same image may be named twice: \(twice.errorText)")
    }
  }

  @Test func anIndexIsMadeStepByStep() async throws {
    try await Workplace.use { place in
      try await TestRegistry.serve { other in
        let images = SampleImages(place: place)
        try await build("linux/amd64", "\(images.authority)/one:1", place)
        try await build("linux/arm64", "\(images.authority)/two:1", place)
        // What is known of the images is in the registry alone.
        try await images.slipway(["prune", "--quiet", "--all"])
        let list = "\(other.authority)/list:1"
        try await images.slipway(["manifest", "create", "--quiet", list, "\(images.authority)/one:1"])
        let again = try await place.slipway.run(["manifest", "create", "--quiet", list, "\(images.authority)/two:1"])
        #expect(again.status == 2 && again.errorText.contains("image-exists"), "\(again.errorText)")
        try await images.slipway(["manifest", "create", "--quiet", "--amend", list, "\(images.authority)/two:1"])
        try await images.slipway([
          "manifest", "annotate", "--quiet", list, "\(images.authority)/two:1", "--variant", "v8", "--os-version",
          "1.2",
          "--os-features", "sea", "--annotation", "kind=arm",
        ])
        let reads = try place.registry.requests().count { $0.method == "GET" && $0.path.contains("/blobs/") }
        let answer = try await images.slipway(["manifest", "push", "--quiet", "--purge", list])
        #expect(
          try place.registry.requests().count { $0.method == "GET" && $0.path.contains("/blobs/") } == reads + 2,
          "the layer of each")
        let raw = try await Tool.run("skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(list)"]).output
        #expect(answer == "\(other.authority)/list@\(Digest(sha256Of: raw))")
        let arm = try await Tool.run(
          "jq",
          [
            "-c",
            ".manifests[1] | [.platform.variant, .platform[\"os.version\"], .platform[\"os.features\"], .annotations]",
          ],
          input: raw)
        #expect(arm.outputText == #"["v8","1.2",["sea"],{"kind":"arm"}]"# + "\n")
        #expect(try await labels(list, "amd64", other) == "amd64")
        #expect(try await images.slipway(["ls"]).split(separator: "\n").count == 1, "the name is gone")
      }
    }
  }

  @Test(arguments: [
    (["merge", "missing.json", "--tag", "r.example/a"], Int32(2), "invalid-metadata", "there is no file missing.json"),
    (["merge", "empty.json", "--tag", "r.example/a"], 2, "invalid-metadata", ".containerimage.digest is missing"),
    (["merge", "unnamed.json", "--tag", "r.example/a"], 2, "invalid-metadata", "--push"),
    (["merge", "empty.json"], 2, "nothing-to-push", "--tag REGISTRY/NAME:TAG"),
    (["create", "list@sha256:1", "a"], 2, "invalid-reference", "not a digest"),
    (["create", "list", "a", "--annotation", "b"], 2, "invalid-annotation", "KEY=value"),
    (["annotate", "list", "a", "--os", "linux"], 1, "image-unknown", "slipway ls"),
    (["push", "list"], 1, "image-unknown", "slipway ls"),
  ])
  func mistakes(_ arguments: [String], _ status: Int32, _ code: String, _ message: String) async throws {
    try await Scratch.use("mistakes") { scratch in
      let descriptor =
        #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:\#(String(repeating: "0", count: 64))","size":2}"#
      let folder = try scratch.write(
        [
          "empty.json": "{}",
          "unnamed.json": .file(
            #"{"containerimage.digest":"sha256:\#(String(repeating: "0", count: 64))","containerimage.descriptor":\#(descriptor)}"#
          ),
        ], in: "work")
      let outcome = try await SlipwayBinary(scratch).run(["manifest"] + arguments, in: folder)
      expect(outcome, endsWith: status)
      #expect(
        outcome.errorText.contains("error[\(code)]") && outcome.errorText.contains(message), "\(outcome.errorText)")
    }
  }
}
