import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Images go from place to place as they are.
@Suite struct CopyTests {
  @Test func betweenRegistriesNothingIsWritten() async throws {
    try await Workplace.use { place in
      try await TestRegistry.serve(.init(access: .basic(.example), usesTLS: true)) { other in
        var slipway = place.slipway
        try other.writeDockerConfiguration(in: place.scratch("home/.docker"))
        slipway.environment.variables["SSL_CERT_FILE"] = other.certificate?.string
        let images = SampleImages(place: Workplace(scratch: place.scratch, registry: place.registry, slipway: slipway))
        let digest = try await images.buildIndex("\(images.authority)/several:1")
        try await images.slipway(["push", "--quiet", "\(images.authority)/several:1"])
        let before = try await place.storeContents()
        let target = "\(other.authority)/deep/er/several:2"
        #expect(
          try await images.slipway(["copy", "--quiet", "\(images.authority)/several:1", target])
            == "\(other.authority)/deep/er/several@\(digest)")
        #expect(try await place.storeContents() == before)
        let raw = try await Tool.run("skopeo", ["inspect", "--raw"] + other.skopeoOptions + ["docker://\(target)"])
          .output
        #expect(Digest(sha256Of: raw).description == digest)
        for architecture in ["amd64", "arm64"] {
          let label = try await Tool.output(
            "skopeo",
            ["--override-arch", architecture, "inspect", "--format", "{{.Labels.arch}}"] + other.skopeoOptions
              + ["docker://\(target)"])
          #expect(label == architecture)
        }
        // Again: nothing is sent.
        let requests = try other.requests().count { $0.method == "POST" }
        try await images.slipway(["copy", "--quiet", "\(images.authority)/several:1", target])
        #expect(try other.requests().count { $0.method == "POST" } == requests)
      }
    }
  }

  @Test func inOneRegistryBlobsAreMounted() async throws {
    try await Workplace.use(.init(access: .token(.example))) { place in
      let images = SampleImages(place: place)
      let digest = try await images.buildIndex("\(images.authority)/several:1")
      try await images.slipway(["push", "--quiet", "\(images.authority)/several:1"])
      let start = try place.registry.requests().count
      try await images.slipway([
        "copy", "--quiet", "docker://\(images.authority)/several:1", "\(images.authority)/other:1",
      ])
      #expect(try await images.digest("docker://\(images.authority)/other:1") == digest)
      let requests = try place.registry.requests().dropFirst(start)
      let blobs = requests.filter { $0.path.contains("/blobs/") && $0.status != 401 }
      #expect(!blobs.isEmpty && blobs.allSatisfy { $0.method == "POST" && $0.status == 201 }, "\(blobs)")
    }
  }

  /// A part of an index is an index of its own, whose images are the same.
  @Test func platforms() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      _ = try await images.buildIndex("\(images.authority)/several:1")
      let source = "\(images.authority)/several:1"
      try await images.slipway(["push", "--quiet", source])
      let one = try await images.slipway([
        "copy", "--quiet", "--platform", "linux/arm64", source, "\(images.authority)/arm:1",
      ])
      let raw = try await Tool.run(
        "skopeo", ["inspect", "--raw"] + place.registry.skopeoOptions + ["docker://\(source)"])
      let index = try JSONDecoder().decode(ImageIndex.self, from: Data(raw.output))
      let arm = index.manifests.first { $0.platform?.architecture == "arm64" }
      #expect(one == "\(images.authority)/arm@\(arm?.digest.description ?? "")")
      let missing = try await place.slipway.run(["copy", "--quiet", "--platform", "linux/s390x", source, "oci:x"])
      expect(missing, endsWith: 1)
      #expect(missing.errorText.contains("it has images for linux/amd64, linux/arm64"))
    }
  }

  /// Docker's schema 2 stays what it is, with an index of it, on every way.
  @Test func schema2IsKept() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      _ = try await images.buildOnBase("\(images.authority)/oci:1")
      try await images.slipway(["push", "--quiet", "\(images.authority)/oci:1"])
      let source = "docker://\(images.authority)/v2s2:1"
      try await Tool.run(
        "skopeo",
        ["copy", "--quiet", "--format", "v2s2"] + place.registry.skopeoOptions(.source)
          + place.registry.skopeoOptions(.destination) + ["docker://\(images.authority)/oci:1", source])
      let digest = try await images.digest(source)
      let layout = place.scratch("layout")
      let archive = place.scratch("archive.tar")
      try await images.slipway(["copy", "--quiet", source, "oci:\(layout):1"])
      try await images.slipway(["copy", "--quiet", "oci:\(layout):1", "oci-archive:\(archive):app:1"])
      try await images.slipway(["copy", "--quiet", "oci-archive:\(archive)", "store://kept:1"])
      try await images.slipway(["push", "--quiet", "kept:1", "\(images.authority)/back:1"])
      #expect(try await images.digest("docker://\(images.authority)/back:1") == digest)
      let raw = try await Tool.output(
        "skopeo", ["inspect", "--raw"] + place.registry.skopeoOptions + ["docker://\(images.authority)/back:1"])
      #expect(raw.contains("application/vnd.docker.distribution.manifest.v2+json"))
    }
  }

  @Test func layoutsThatSkopeoAndUmociWriteAndRead() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      let digest = try await images.buildOnBase("app:1")
      let (ours, theirs, unpacked) = (place.scratch("ours"), place.scratch("theirs"), place.scratch("unpacked"))
      try await images.slipway(["copy", "--quiet", "store://app:1", "oci:\(ours):first"])
      try await images.slipway(["copy", "--quiet", "store://app:1", "oci:\(ours):second"])
      try await Tool.run("umoci", ["unpack", "--rootless", "--image", "\(ours):second", unpacked.string])
      #expect(try Files.read(unpacked.pushing("rootfs/data/note.txt")) == Array("ahoy\n".utf8))
      #expect(try await Tool.output("umoci", ["ls", "--layout", ours.string]) == "first\nsecond")
      try await Tool.run("skopeo", ["copy", "--quiet", "oci:\(ours):first", "oci:\(theirs):registry.example/app:1"])
      #expect(
        try await images.slipway([
          "push", "--quiet", "oci:\(theirs):registry.example/app:1", "\(images.authority)/from-layout:1",
        ]).hasSuffix(digest))
      #expect(try await images.digest("docker://\(images.authority)/from-layout:1") == digest)
    }
  }

  /// What refers to an image comes along, and is listed by a tag where the registry knows no better.
  @Test func referrersComeAlong() async throws {
    try await Workplace.use { place in
      try await TestRegistry.serve { other in
        let images = SampleImages(place: place)
        let digest = try await images.buildOnBase("\(images.authority)/app:1")
        try await images.slipway(["push", "--quiet", "\(images.authority)/app:1"])
        let signature = try await sign(digest, in: "\(images.authority)/app", place)
        let target = "\(other.authority)/signed:1"
        // Without being asked for, they stay where they are.
        try await images.slipway(["copy", "--quiet", "\(images.authority)/app:1", target])
        let tag = "sha256-\(digest.dropFirst("sha256:".count))"
        #expect(try other.requests().allSatisfy { !$0.path.hasSuffix(tag) })
        try await images.slipway(["copy", "--quiet", "--referrers", "\(images.authority)/app:1", target])
        let list = try await Tool.output(
          "skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(other.authority)/signed:\(tag)"])
        #expect(list.contains(signature) && list.contains("application/vnd.example.signature"))
        // Through a layout.
        let layout = place.scratch("layout")
        try await images.slipway(["copy", "--quiet", "--referrers", target, "oci:\(layout):1"])
        try await images.slipway(["copy", "--quiet", "--referrers", "oci:\(layout):1", "\(other.authority)/again:1"])
        let again = try await Tool.output(
          "skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(other.authority)/again:\(tag)"])
        #expect(again.contains(signature))
        let archive = try await place.slipway.run([
          "copy", "--quiet", "--referrers", target, "oci-archive:\(layout).tar",
        ])
        expect(archive, endsWith: 2)
        #expect(archive.errorText.contains("referrers-without-place"))
      }
    }
  }

  /// A registry that lists them itself gets no tags.
  @Test func referrersGoToARegistryThatListsThem() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      let digest = try await images.buildOnBase("\(images.authority)/app:1")
      try await images.slipway(["push", "--quiet", "\(images.authority)/app:1"])
      let signature = try await sign(digest, in: "\(images.authority)/app", place)
      var other = place.slipway
      other.environment.variables["SLIPWAY_ROOT"] = place.scratch("served").string
      try await SlipwayServer.run(other, [], log: place.scratch("serve.log")) { server in
        let target = "\(server.authority)/signed:1"
        try await images.slipway(["copy", "--quiet", "--referrers", "\(images.authority)/app:1", target])
        let list = try await Tool.output("curl", ["-fsS", "http://\(server.authority)/v2/signed/referrers/\(digest)"])
        #expect(list.contains(signature) && list.contains("application/vnd.example.signature"))
        #expect(try await images.slipway(["ls", "\(server.authority)/signed"]) == "1")
        // And from there on.
        try await images.slipway(["copy", "--quiet", "--referrers", target, "\(images.authority)/back:1"])
        let tag = "sha256-\(digest.dropFirst("sha256:".count))"
        let again = try await Tool.output(
          "skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(images.authority)/back:\(tag)"])
        #expect(again.contains(signature))
      }
    }
  }

  /// An image of so many layers, several at a time.
  @Test func twoHundredSmallBlobs() async throws {
    try await Workplace.use(.init(access: .token(.example))) { place in
      let images = SampleImages(place: place)
      let name = "\(images.authority)/many:1"
      let lines = (1...200).map { "COPY --chmod=\(String(0o400 + $0, radix: 8)) note.txt /n\($0)\n" }.joined()
      expect(
        try await place.build(
          ["Dockerfile": .file("FROM scratch\n\(lines)"), "note.txt": "ahoy\n"], ["--quiet", "--tag", name]))
      for jobs in ["1", "32"] {
        let target = "\(images.authority)/many-\(jobs):1"
        let digest = try await images.slipway(["push", "--quiet", "--jobs", jobs, name, target]).suffix(71)
        #expect(try await images.digest("docker://\(target)") == digest)
        var fresh = place.slipway
        fresh.environment.variables["SLIPWAY_ROOT"] = place.scratch("fresh-\(jobs)").string
        let pulled = try await fresh.run(["pull", "--quiet", "--jobs", jobs, target])
        expect(pulled)
        #expect(pulled.outputText.hasSuffix("\(digest)\n"))
        let valid = try await fresh.run(["validate", "--quiet", "store://\(target)"])
        #expect(valid.outputText.contains(" 201 blobs, "), "\(valid.outputText)")
      }
    }
  }

  /// Puts a signature beside an image, as tools do that know only of tags.
  private func sign(_ digest: String, in repository: String, _ place: Workplace) async throws -> String {
    let script = """
      set -eu
      digest=$1 url=http://$2
      empty='{}'
      d=sha256:$(printf %s "$empty" | sha256sum | cut -d' ' -f1)
      location=$(curl -fsS -X POST -D - -o /dev/null "$url/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
      curl -fsS -X PUT -H 'Content-Type: application/octet-stream' --data-binary "$empty" "$location&digest=$d"
      subject=$(curl -fsS -I -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$url/manifests/$digest" |
        tr -d '\r' | sed -n 's/^[Cc]ontent-[Ll]ength: //p')
      manifest='{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",'
      manifest=$manifest'"artifactType":"application/vnd.example.signature",'
      manifest=$manifest'"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"'$d'","size":2},'
      manifest=$manifest'"layers":[{"mediaType":"application/vnd.oci.empty.v1+json","digest":"'$d'","size":2}],'
      manifest=$manifest'"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"'$digest'",'
      manifest=$manifest'"size":'$subject'}}'
      m=sha256:$(printf %s "$manifest" | sha256sum | cut -d' ' -f1)
      put() { curl -fsS -X PUT -H "Content-Type: $1" --data-binary "$2" "$url/manifests/$3"; }
      put application/vnd.oci.image.manifest.v1+json "$manifest" "$m"
      index='{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{'
      index=$index'"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"'$m'","size":'${#manifest}','
      index=$index'"artifactType":"application/vnd.example.signature"}]}'
      put application/vnd.oci.image.index.v1+json "$index" "sha256-${digest#sha256:}"
      printf %s "$m"
      """
    let url = repository.replacingOccurrences(of: place.registry.authority, with: "\(place.registry.authority)/v2")
    return try await Tool.output("bash", ["-c", script, "bash", digest, url])
  }
}
