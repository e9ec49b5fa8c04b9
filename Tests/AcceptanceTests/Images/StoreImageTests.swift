import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Images of the store: names, pushes and pulls.
@Suite struct StoreImageTests {
  @Test(arguments: [
    TestRegistry.Configuration(), .init(access: .basic(.example), usesTLS: true), .init(access: .token(.example)),
  ])
  func whatIsBuiltIsPushedLater(_ configuration: TestRegistry.Configuration) async throws {
    try await Workplace.use(configuration) { place in
      let images = SampleImages(place: place)
      let digest = try await images.buildLabel("\(images.authority)/team/app:1")
      #expect(
        try await images.slipway(["push", "--quiet", "\(images.authority)/team/app:1"])
          == "\(images.authority)/team/app@\(digest)")
      #expect(try await images.digest("docker://\(images.authority)/team/app:1") == digest)
      // The base is mounted, and was never downloaded.
      let requests = try place.registry.requests()
      let mounts = requests.filter { $0.path.contains("/team/app/blobs/uploads/?mount=") && $0.status == 201 }
      #expect(mounts.count == 1, "\(requests)")
      let layer = try #require(mounts.first?.path.firstMatch(of: /mount=(sha256:[0-9a-f]+)/)).output.1
      #expect(!requests.contains { $0.method == "GET" && $0.path.hasSuffix(layer) })
    }
  }

  @Test func namesAreGivenAndPushedToOtherRegistries() async throws {
    try await Workplace.use { place in
      try await TestRegistry.serve { other in
        let images = SampleImages(place: place)
        let digest = try await images.buildOnBase("app:1")
        let name = "\(other.authority)/moved/app:2"
        #expect(
          try await images.slipway(["tag", "app:1", name, "app"]) == "\(name)@\(digest)\napp:latest@\(digest)")
        #expect(try await images.slipway(["push", "--quiet", name]) == "\(other.authority)/moved/app@\(digest)")
        let found = try await Tool.output(
          "skopeo", ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://\(name)"])
        #expect(found == digest)
        // By its digest, under a name that is said for the push alone.
        let again = "\(other.authority)/moved/again:3"
        #expect(
          try await images.slipway(["push", "--quiet", digest, again]) == "\(other.authority)/moved/again@\(digest)")
        // What has a name stays.
        try await images.slipway(["prune", "--quiet"])
        #expect(try await images.slipway(["push", "--quiet", "app", again]).hasSuffix(digest))
      }
    }
  }

  @Test func whatIsPulledIsThere() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      let index = try await images.buildIndex("\(images.authority)/several:1")
      try await images.slipway(["push", "--quiet", "\(images.authority)/several:1"])
      var fresh = place.slipway
      fresh.environment.variables["SLIPWAY_ROOT"] = place.scratch("fresh").string
      let other = SampleImages(place: Workplace(scratch: place.scratch, registry: place.registry, slipway: fresh))
      let name = "\(images.authority)/several:1"
      // The image for this machine, as the index has it.
      let one = try await other.slipway(["pull", "--quiet", name])
      #expect(!one.hasSuffix(index))
      let layout = "oci:\(fresh.store)/oci:\(name)"
      #expect(one == "\(images.authority)/several@\(try await images.digest(layout))")
      #expect(try await Tool.output("skopeo", ["inspect", "--format", "{{.Architecture}}", layout]) == "amd64")
      // Another one, and all of them.
      let arm = try await other.slipway(["pull", "--quiet", "--platform", "linux/arm64", name])
      #expect(arm != one)
      #expect(
        try await Tool.output(
          "skopeo", ["--override-arch", "arm64", "inspect", "--format", "{{.Architecture}}", layout]) == "arm64")
      #expect(try await other.slipway(["pull", "--quiet", "--all-platforms", name]).hasSuffix(index))
      #expect(try await images.digest(layout) == index)
      // It needs no registry any more.
      let copy = place.scratch("copy")
      try await Tool.run("skopeo", ["copy", "--quiet", "--all", "--preserve-digests", layout, "oci:\(copy):1"])
      // What a build begins with is there, too.
      expect(
        try await Workplace(scratch: place.scratch, registry: place.registry, slipway: fresh).build(
          ["Dockerfile": .file("FROM \(name)\nCOPY Dockerfile /\n")], ["--quiet", "--tag", "on-pulled"]))
      // Manifests of the second platform only; what is here is not fetched again.
      let before = try place.registry.requests().count { $0.method == "GET" && $0.path.contains("/blobs/") }
      try await other.slipway(["pull", "--quiet", "--all-platforms", name])
      #expect(try place.registry.requests().count { $0.method == "GET" && $0.path.contains("/blobs/") } == before)
    }
  }

  @Test func pulledIntoFiles() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      let digest = try await images.buildIndex("\(images.authority)/several:1")
      let name = "\(images.authority)/several:1"
      try await images.slipway(["push", "--quiet", name])
      let (archive, folder, docker) = (place.scratch("a.tar"), place.scratch("layout"), place.scratch("d.tar"))
      try await images.slipway([
        "pull", "--quiet", "--all-platforms", name, "--output", "type=oci,dest=\(archive)", "--output",
        "type=oci,tar=false,dest=\(folder)", "--output", "type=docker,dest=\(docker)",
      ])
      #expect(try await images.digest("oci-archive:\(archive):1") == digest)
      #expect(try await images.digest("oci:\(folder):1") == digest)
      let label = try await Tool.output(
        "skopeo", ["inspect", "--format", "{{.Labels.arch}}", "docker-archive:\(docker):\(name)"])
      #expect(label == "amd64")
      #expect(try Files.names(in: folder).map(\.string) == ["blobs", "index.json", "oci-layout"])
      let standard = try await place.slipway.run([
        "pull", "--quiet", "--all-platforms", name, "--output", "type=oci,dest=-",
      ])
      expect(standard)
      #expect(standard.output == (try Files.read(archive)))
    }
  }

  @Test(arguments: [
    (["push", "nowhere:1"], Int32(1), "image-unknown", "build it with --tag"),
    (["push", "oci:/nowhere"], 2, "nothing-to-push", "REGISTRY/NAME:TAG"),
    (["push", "oci:/nowhere", "r.example/app"], 2, "not-a-layout", "oci-layout and index.json"),
    (["push", "docker-archive:/nowhere.tar", "r.example/app"], 1, "", "nowhere.tar"),
    (["tag", "nowhere", "other"], 1, "image-unknown", "build it with --tag"),
    (["tag", "nowhere", "Other"], 2, "invalid-reference", "no capital letters"),
    (["copy", "dokcer://a", "b"], 2, "invalid-place", "did you mean docker://?"),
    (["copy", "a", "store://b@sha256:0"], 2, "invalid-reference", "not a digest"),
    (["pull", "a", "--platform", "linux//x"], 2, "invalid-platform", "OS/ARCH"),
    (["pull", "a", "--platform", "linux/amd64", "--all-platforms"], 2, "invalid-options", "leave one away"),
    (["pull", "a", "--output", "type=local,dest=x"], 2, "invalid-output", "type=oci"),
    (["pull", "a", "b", "--output", "type=oci,dest=x"], 2, "several-images", "one by one"),
    (["save", "nowhere:1", "--output", "/dev/null"], 1, "image-unknown", "slipway ls"),
    (["load", "--input", "/dev/null"], 1, "archive-corrupt", "not of a kind that is known"),
  ])
  func mistakes(_ arguments: [String], _ status: Int32, _ code: String, _ hint: String) async throws {
    try await Scratch.use("mistakes") { scratch in
      let slipway = try SlipwayBinary(scratch)
      let outcome = try await slipway.run(arguments)
      expect(outcome, endsWith: status)
      #expect(outcome.errorText.contains("error[\(code)"), "\(outcome.errorText)")
      #expect(outcome.errorText.contains(hint), "\(outcome.errorText)")
      #expect(outcome.outputText == "")
      #expect(try FileStatus.ifExists(slipway.store) == nil, "nothing is left")
    }
  }
}
