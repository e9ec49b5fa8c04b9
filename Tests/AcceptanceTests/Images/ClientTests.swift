import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Docker and podman pull what is pushed and copied, and what they push is pulled.
@Suite struct ClientTests {
  @Test func dockerPullsAndPushes() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      let name = "\(images.authority)/several:1"
      _ = try await images.buildIndex(name)
      _ = try await images.buildOnBase("\(images.authority)/app:1")
      for image in [name, "\(images.authority)/app:1"] { try await images.slipway(["push", "--quiet", image]) }
      try await images.slipway(["copy", "--quiet", name, "\(images.authority)/copied:1"])
      try await DockerDaemon.run { daemon in
        for image in ["copied:1", "app:1"] {
          expect(try await daemon.docker(["pull", "--quiet", "\(images.authority)/\(image)"]))
        }
        let architecture = try await daemon.docker([
          "image", "inspect", "--format", "{{.Architecture}}", "\(images.authority)/copied:1",
        ])
        #expect(architecture.outputText == "amd64\n")
        let pushed = "\(images.authority)/from-docker:1"
        expect(try await daemon.docker(["tag", "\(images.authority)/app:1", pushed]))
        expect(try await daemon.docker(["push", pushed]))
        let list = "\(images.authority)/docker-list:1"
        expect(try await daemon.docker(["manifest", "create", "--insecure", list, pushed]))
        expect(try await daemon.docker(["manifest", "push", "--insecure", list]))
        // What Docker writes is of its own types, and stays so.
        let copy = "\(images.authority)/list-copy:1"
        let answer = try await images.slipway(["copy", "--quiet", list, copy])
        #expect(try await images.digest("docker://\(copy)") == images.digest("docker://\(list)"))
        #expect(answer.hasSuffix(try await images.digest("docker://\(list)")))
        let raw = try await place.slipway.run(["inspect", "--raw", "docker://\(copy)"])
        #expect(raw.outputText.contains("application/vnd.docker.distribution.manifest.list.v2+json"))
        try await images.slipway(["pull", "--quiet", "--all-platforms", copy])
        #expect(try await images.slipway(["validate", "--quiet", "store://\(copy)"]).contains("is valid"))
      }
    }
  }

  @Test func podmanPullsAndPushes() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      let name = "\(images.authority)/several:1"
      _ = try await images.buildIndex(name)
      try await images.slipway(["push", "--quiet", name])
      try await Scratch.use("p") { scratch in
        let podman = [
          "--root", scratch("root").string, "--runroot", scratch.path.string, "--storage-driver", "vfs",
        ]
        try await Tool.run(
          "podman", podman + ["pull", "--quiet", "--tls-verify=false", "--platform", "linux/arm64", name])
        let label = try await Tool.output(
          "podman", podman + ["image", "inspect", "--format", "{{.Labels.arch}}", name])
        #expect(label == "arm64")
        let pushed = "\(images.authority)/from-podman:1"
        try await Tool.run("podman", podman + ["push", "--quiet", "--tls-verify=false", name, "docker://\(pushed)"])
        let warned = try await place.slipway.run(["pull", pushed])
        expect(warned)
        #expect(warned.errorText.contains("warning[other-platform]"), "\(warned.errorText)")
        #expect(try await images.slipway(["validate", "--quiet", "store://\(pushed)"]).contains("is valid"))
      }
    }
  }
}
