import Diagnostics
import OCI
import Testing

@Suite struct PlatformTests {
  @Test(arguments: [
    ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("linux/x86-64", "linux/amd64"),
    ("linux/amd64/v1", "linux/amd64"), ("linux/amd64/v3", "linux/amd64/v3"), ("linux/aarch64", "linux/arm64"),
    ("linux/arm64/v8", "linux/arm64"), ("linux/arm64/8", "linux/arm64"), ("linux/arm64/v9", "linux/arm64/v9"),
    ("linux/arm", "linux/arm/v7"), ("linux/arm/6", "linux/arm/v6"), ("linux/arm/v5", "linux/arm/v5"),
    ("linux/armhf", "linux/arm/v7"), ("linux/armel", "linux/arm/v6"), ("linux/i386", "linux/386"),
    ("LINUX/AMD64", "linux/amd64"), ("macos/arm64", "darwin/arm64"), ("windows/amd64", "windows/amd64"),
    ("linux/riscv64", "linux/riscv64"), ("amd64", "linux/amd64"), ("arm64", "linux/arm64"),
    ("linux", "\(Platform.host)"), ("linux/ppc64le", "linux/ppc64le"),
  ])
  func normalises(_ text: String, _ normal: String) throws {
    let platform = try Platform(parsing: text)
    #expect(platform.description == normal)
    #expect(platform.normalized == platform)
    #expect(try Platform(parsing: platform.description) == platform)
  }

  @Test(arguments: ["", "/", "linux/", "/amd64", "a/b/c/d", "linux amd64", "linux/\u{E4}", "linux//v7"])
  func refuses(_ text: String) {
    let error = #expect(throws: OCIError.self) { try Platform(parsing: text) }
    #expect(error?.diagnostic.message == "\"\(text)\" is not a platform")
    #expect(error?.diagnostic.code == "invalid-platform")
    #expect(error?.exitCode == .usage)
  }

  @Test(
    arguments: [
      ("linux/amd64", "linux/amd64", 0), ("linux/amd64/v3", "linux/amd64", 2), ("linux/amd64", "linux/amd64/v2", nil),
      ("linux/arm/v7", "linux/arm/v7", 0), ("linux/arm/v7", "linux/arm/v6", 1), ("linux/arm/v7", "linux/arm/v5", 2),
      ("linux/arm/v6", "linux/arm/v7", nil), ("linux/arm64", "linux/arm64/v8", 0), ("linux/arm64/v9", "linux/arm64", 1),
      ("linux/amd64", "linux/arm64", nil), ("linux/amd64", "windows/amd64", nil), ("linux/s390x", "linux/s390x", 0),
    ] as [(String, String, Int?)])
  func measuresDistance(_ here: String, _ image: String, _ distance: Int?) throws {
    #expect(try Platform(parsing: here).distance(to: Platform(parsing: image)) == distance)
  }

  /// Variants come from other people's indexes.
  @Test(arguments: ["v-9223372036854775808", "v9223372036854775807", "-1", "v", "", "vv8", "x"])
  func measuresOddVariants(_ variant: String) {
    let here = Platform(os: "linux", architecture: "arm", variant: "v7")
    #expect(
      here.distance(to: Platform(os: "linux", architecture: "arm", variant: variant)) == (variant.isEmpty ? 0 : nil))
  }

  @Test func readsTheMembersOfIndexes() throws {
    let json = #"{"architecture":"amd64","os":"windows","os.version":"10.0","os.features":["win32k"],"variant":"v1"}"#
    let platform = try JSONDocument.decode(Platform.self, from: Array(json.utf8), called: "platform")
    #expect((platform.osVersion, platform.osFeatures) == ("10.0", ["win32k"]))
    #expect(
      String(decoding: try JSONDocument.encode(platform), as: UTF8.self)
        == #"{"architecture":"amd64","os":"windows","os.features":["win32k"],"os.version":"10.0","variant":"v1"}"#)
  }
}
