import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct BaseImagesTests {
  @Test func isTheSameFromTheSamePackages() async throws {
    let scratch = try Scratch()
    let again = scratch("again")
    try await Tool.run(Checkout.script("make-base-image").string, ["--output", again.string])
    let index = try await Files.read(BaseImages.busybox().appending("index.json"))
    #expect(try Files.read(again.appending("index.json")) == index)
    withExtendedLifetime(scratch) {}
  }

  @Test func runsAndHasItsOwners() async throws {
    try await Scratch.use { scratch in
      let bundle = scratch("bundle")
      try await Tool.run(
        "umoci", ["unpack", "--image", "\(BaseImages.busybox()):latest", bundle.string])
      let root = bundle.appending("rootfs").string
      let greeting = try await Tool.output(
        "chroot", [root, "/bin/sh", "-c", "echo $(id -un 2>&1) && ls -ld /tmp /home/app"])
      #expect(greeting.hasPrefix("root\ndrwxr-xr-x    2 app      app"))
      #expect(greeting.contains("drwxrwxrwt"))
    }
  }

  @Test(arguments: [["--nonsense"], [], ["--output"]])
  func refusesWrongArguments(_ arguments: [String]) async throws {
    let outcome = try await Tool.attempt(Checkout.script("make-base-image").string, arguments)
    #expect(outcome.status == 2)
    #expect(outcome.outputText.isEmpty)
  }

  @Test func leavesAnExistingFolderAlone() async throws {
    let scratch = try Scratch()
    let outcome = try await Tool.attempt(
      Checkout.script("make-base-image").string, ["--output", scratch.path.string])
    #expect(outcome.status == 1)
    #expect(outcome.errorText.contains("is there already"))
    withExtendedLifetime(scratch) {}
  }
}
