import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Images in files: what others write is loaded, and what is saved others load.
@Suite struct ArchiveTests {
  private static let podmanOptions = ["--storage-driver", "vfs"]

  private func podman(_ scratch: Scratch, _ arguments: [String]) async throws -> String {
    let folders = ["--root", scratch("root").string, "--runroot", scratch.path.string]
    return try await Tool.output("podman", folders + Self.podmanOptions + arguments)
  }

  @Test func dockerPodmanAndSkopeoLoadWhatIsSaved() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      let digest = try await images.buildOnBase("sample:1")
      _ = try await images.buildIndex("several:1")
      let archive = place.scratch("saved.tar")
      try await images.slipway(["tag", "sample:1", "team/sample:again"])
      try await images.slipway([
        "save", "--quiet", "sample:1", "several:1", "team/sample:again", "--output", archive.string,
      ])
      let id = Digest(sha256Of: try await place.slipway.run(["inspect", "--config", "sample:1"]).output).description
      try await DockerDaemon.run { daemon in
        expect(try await daemon.docker(["load", "--input", archive.string]))
        for name in ["sample:1", "team/sample:again"] {
          let loaded = try await daemon.docker(["image", "inspect", "--format", "{{.Id}} {{.Config.Labels}}", name])
          #expect(loaded.outputText == "\(id) map[kind:sample]\n")
        }
        let several = try await daemon.docker(["image", "inspect", "--format", "{{.Architecture}}", "several:1"])
        #expect(several.outputText == "amd64\n")
      }
      try await Scratch.use("p") { scratch in
        _ = try await podman(scratch, ["load", "--quiet", "--input", archive.string])
        #expect(try await podman(scratch, ["image", "inspect", "--format", "sha256:{{.Id}}", "sample:1"]) == id)
      }
      let platforms = try await Tool.output(
        "bash",
        [
          "-ec", "tar -xOf \"$1\" index.json | jq -r '.manifests[].annotations[\"io.containerd.image.name\"]'", "bash",
          archive.string,
        ])
      #expect(
        platforms.split(separator: "\n") == [
          "docker.io/library/sample:1", "docker.io/team/sample:again", "docker.io/library/several:1",
        ])
      let oci = place.scratch("oci.tar")
      try await images.slipway(["save", "--quiet", "--format", "oci", "sample:1", "--output", oci.string])
      #expect(try await images.digest("oci-archive:\(oci):1") == digest)
    }
  }

  /// What is saved comes back with the same digests, all platforms, all names.
  @Test func whatIsSavedIsLoadedAgain() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      // Of the first one, all layers are in the registry.
      let digests = (
        try await images.buildLabel("\(images.authority)/app:1"), try await images.buildIndex("several:1")
      )
      let name = "\(images.authority)/app:1"
      let saved = try await place.slipway.run(["save", "--quiet", name, "several:1"])
      expect(saved)
      let packed = try await Tool.run("gzip", ["-c"], input: saved.output).output
      var fresh = place.slipway
      fresh.environment.variables["SLIPWAY_ROOT"] = place.scratch("fresh").string
      for (number, archive) in [saved.output, packed].enumerated() {
        fresh.environment.variables["SLIPWAY_ROOT"] = place.scratch("fresh-\(number)").string
        let loaded = try await fresh.run(["load", "--quiet"], input: archive)
        expect(loaded)
        #expect(loaded.outputText == "\(name)@\(digests.0)\nseveral:1@\(digests.1)\n")
        let valid = try await fresh.run(["validate", "--quiet", "store://several:1"])
        expect(valid)
        #expect(try await fresh.run(["save", "--quiet", name, "several:1"]).output == saved.output)
      }
    }
  }

  @Test func whatDockerAndPodmanSaveIsLoaded() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      _ = try await images.buildOnBase("\(images.authority)/sample:1")
      let name = "\(images.authority)/sample:1"
      try await images.slipway(["push", "--quiet", name])
      let config = try await place.slipway.run(["inspect", "--config", name])
      let id = Digest(sha256Of: config.output)
      let (docker, own) = (place.scratch("docker.tar"), place.scratch("own.tar"))
      try await images.slipway(["save", "--quiet", name, "--output", own.string])
      try await DockerDaemon.run { daemon in
        expect(try await daemon.docker(["load", "--input", own.string]))
        expect(try await daemon.docker(["tag", name, "docker-sample:2"]))
        expect(try await daemon.docker(["save", name, "docker-sample:2", "--output", docker.string]))
      }
      try await check(docker, names: [name, "docker-sample:2"], id, place)
      try await Scratch.use("p") { scratch in
        _ = try await podman(scratch, ["load", "--quiet", "--input", own.string])
        for format in ["docker-archive", "oci-archive"] {
          let archive = place.scratch("podman-\(format).tar")
          _ = try await podman(scratch, ["save", "--quiet", "--format", format, "--output", archive.string, name])
          try await check(archive, names: [name], id, place)
        }
      }
      // Skopeo, by tags and by whole names, packed, too.
      let source = "docker://\(name)"
      for (number, target) in ["docker-archive:X:\(name)", "oci-archive:X:\(name)"].enumerated() {
        let archive = place.scratch("skopeo-\(number).tar")
        try await Tool.run(
          "skopeo",
          ["copy", "--quiet", source, target.replacingOccurrences(of: "X", with: archive.string)]
            + place.registry.skopeoOptions(.source))
        try await check(archive, names: [name], id, place)
        try await Tool.run("gzip", [archive.string])
        try await check(FilePath("\(archive).gz"), names: [name], id, place)
      }
      let tagged = place.scratch("tagged.tar")
      try await Tool.run(
        "skopeo", ["copy", "--quiet", source, "oci-archive:\(tagged):1"] + place.registry.skopeoOptions(.source))
      let outcome = try await place.slipway.run(["load", "--input", tagged.string])
      expect(outcome)
      #expect(outcome.errorText.contains("image-without-name") && outcome.errorText.contains("the archive calls it 1"))
      #expect(
        try await images.slipway(["load", "--quiet", "--input", tagged.string, "--tag", "mine:1"]).hasPrefix("mine:1@"))
    }
  }

  /// Loads an archive into a store of its own, and looks whether all of it is the image of an ID.
  private func check(
    _ archive: FilePath, names: [String], _ id: Digest, _ place: Workplace,
    _ location: SourceLocation = #_sourceLocation
  ) async throws {
    var slipway = place.slipway
    slipway.environment.variables["SLIPWAY_ROOT"] =
      place.scratch("store-of-\(archive.lastComponent?.string ?? "")").string
    let loaded = try await slipway.run(["load", "--quiet", "--input", archive.string])
    expect(loaded, location)
    let lines = loaded.outputText.split(separator: "\n").map { String($0.prefix { $0 != "@" }) }
    #expect(Set(lines) == Set(names), "\(archive)", sourceLocation: location)
    for name in names {
      let config = try await slipway.run(["inspect", "--config", "store://\(name)"])
      #expect(Digest(sha256Of: config.output) == id, "\(archive)", sourceLocation: location)
      let valid = try await slipway.run(["validate", "--quiet", "store://\(name)"])
      #expect(valid.status == 0, "\(valid.outputText)", sourceLocation: location)
    }
    let target = "\(place.registry.authority)/from/\(archive.lastComponent?.stem.prefix(8).lowercased() ?? ""):1"
    let pushed = try await slipway.run(["push", "--quiet", names[0], target])
    expect(pushed, location)
    try await Tool.run(
      "skopeo",
      ["copy", "--quiet", "docker://\(target)", "dir:\(place.scratch("dir-\(Files.uniqueName())"))"]
        + place.registry.skopeoOptions(.source))
  }

  private func expect(_ outcome: ChildProcess.Outcome, _ location: SourceLocation = #_sourceLocation) {
    #expect(outcome.status == 0, "standard error was:\n\(outcome.errorText)", sourceLocation: location)
  }

  /// `docker save` of an index writes the images that the machine has.
  @Test func anArchiveThatLacksPlatformsIsLoadedInPart() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      _ = try await images.buildIndex("several:1")
      let (whole, part) = (place.scratch("whole.tar"), place.scratch("part.tar"))
      try await images.slipway(["save", "--quiet", "several:1", "--output", whole.string])
      let arm = try await images.slipway(["digest", "--platform", "linux/arm64", "store://several:1"])
      try await Tool.run(
        "bsdtar", ["-cf", part.string, "--exclude", "blobs/sha256/\(arm.dropFirst(7))", "@\(whole)"])
      var fresh = place.slipway
      fresh.environment.variables["SLIPWAY_ROOT"] = place.scratch("fresh").string
      let loaded = try await fresh.run(["load", "--input", part.string])
      expect(loaded)
      #expect(loaded.errorText.contains("warning[partial-index]"), "\(loaded.errorText)")
      let amd = try await images.slipway(["digest", "--platform", "linux/amd64", "store://several:1"])
      #expect(loaded.outputText == "several:1@\(amd)\n")
    }
  }

  @Test(
    "damaged archives are refused, and give nothing a name",
    arguments: [
      ("printf x >>\"$(ls blobs/sha256/* | head -1)\"", "has other content"),
      ("rm \"$(ls -S blobs/sha256/* | head -1)\"", "it lacks sha256:"), ("echo '{}' >index.json", "is not valid"),
      ("rm index.json manifest.json", "it has neither index.json nor manifest.json"),
    ])
  func damage(_ script: String, _ message: String) async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      _ = try await images.buildOnBase("app:1")
      let (archive, broken) = (place.scratch("app.tar"), place.scratch("broken.tar"))
      try await images.slipway(["save", "--quiet", "app:1", "--output", archive.string])
      let folder = place.scratch("unpacked")
      try Files.createDirectories(folder)
      try await Tool.run("tar", ["-xf", archive.string, "-C", folder.string])
      try await Tool.run("sh", ["-ec", script], in: folder)
      try await Tool.run("sh", ["-ec", "tar -cf '\(broken)' *"], in: folder)
      var fresh = place.slipway
      fresh.environment.variables["SLIPWAY_ROOT"] = place.scratch("fresh").string
      let loaded = try await fresh.run(["load", "--quiet", "--input", broken.string])
      #expect(loaded.status == 1 || loaded.status == 2)
      #expect(loaded.errorText.contains(message), "\(loaded.errorText)")
      #expect(try ContentStore(root: fresh.store).names().manifests.isEmpty)
    }
  }
}
