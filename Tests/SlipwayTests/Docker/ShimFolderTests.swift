import HostOS
import Slipway
import SystemPackage
import TestSupport
import Testing

@Suite struct ShimFolderTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch("shims") }

  @Test func namesLeadToTheProgram() throws {
    let folder = try ShimFolder(in: scratch("a/b"), executable: "/usr/bin/true", environment: [:])
    for name in ["docker", "podman", "docker-compose", "dockerd", "service", "systemctl", "aws", "sudo"] {
      #expect(try Files.symbolicLinkTarget(folder.path.appending(name)) == "/usr/bin/true")
    }
    // Again, and for another program.
    let again = try ShimFolder(in: scratch("a/b"), executable: "/bin/false", environment: [:])
    #expect(again.path == folder.path)
    #expect(try Files.symbolicLinkTarget(folder.path.appending("docker")) == "/bin/false")
    #expect(try Files.names(in: folder.path).allSatisfy { !$0.string.hasPrefix(".") })
  }

  @Test func ownLinksAreNotTheMachinesProgram() throws {
    let own = try Files.symbolicLinkTarget("/proc/self/exe")
    let shims = try ShimFolder(in: scratch("shims"), executable: own, environment: [:])
    try scratch.write(["service": .file("#!/bin/sh\n", mode: 0o755), "aws": "not executable"], in: "bin")
    let environment: Environment = ["PATH": "relative:\(shims.path):\(scratch("bin")):/nowhere"]
    #expect(ShimFolder.program(behind: "service", environment) == scratch("bin/service"))
    #expect(ShimFolder.program(behind: "aws", environment) == nil)
    #expect(ShimFolder.program(behind: "docker", environment) == nil)
  }
}
