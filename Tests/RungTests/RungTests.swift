import HostOS
import SystemPackage
import TestSupport
import Testing

/// Real builds on Debian, wherever slipway can run commands: the image is the same, byte for byte.
///
/// What is random by nature goes in the Dockerfiles themselves, which say why.
@Suite struct RungTests {
  private struct Expected: Sendable {
    /// By the names of the fixtures.
    var digests: [String: String] = [:]
    /// Of `apt`.
    var files: [String] = []
  }

  /// What root builds with namespaces.
  private static let expected = Task<Expected, any Error> {
    try await Rung.root.use { place in
      var expected = Expected()
      for name in ["apt", "python", "compile", "files"] { expected.digests[name] = try await place.digest(of: name) }
      expected.files = try await place.files(of: "apt")
      return expected
    }
  }

  @Test(arguments: [Rung.subordinateIDs, .recordedOwners, .chroot])
  func imagesAreThoseOfRoot(_ rung: Rung) async throws {
    try await rung.use { place in
      for name in ["apt", "python", "compile"] {
        let outcome = try await place.build(name)
        try #require(outcome.succeeded, "\(outcome.errorText)")
        #expect(outcome.errorText.contains("warning[weak-isolation]") == (rung == .chroot))
        try await expectDigest(outcome.outputText, of: name, in: place)
      }
    }
  }

  /// Where nothing can be run, the others are refused with what stands in the way.
  @Test func filesAloneNeedNoRights() async throws {
    try await Rung.filesOnly.use { place in
      try await expectDigest(place.digest(of: "files"), of: "files", in: place)
      let refused = try await place.build("compile")
      #expect(refused.status == 1)
      #expect(refused.errorText.contains("user.max_user_namespaces"), "\(refused.errorText)")
      #expect(refused.outputText.isEmpty)
    }
  }

  /// The scripts of packages did what they do on a real machine.
  @Test func packagesAreInstalledAsOnAMachine() async throws {
    let files = try await Self.expected.value.files
    // Set-group-id for a group that the package makes; a folder of that kind; set-user-id; a user's own files.
    for pattern in [
      /0 2755 0:[1-9]\d* \d+ \d+ [0-9a-f]{64} \/usr\/bin\/ssh-agent .*/,
      /0 2755 0:[1-9]\d* \d+ \d+ [0-9a-f]{64} \/usr\/bin\/crontab .*/,
      /5 1730 0:[1-9]\d* 0 \d+ - \/var\/spool\/cron\/crontabs .*/,
      /0 4755 0:0 \d+ \d+ [0-9a-f]{64} \/usr\/bin\/sudo .*/,
      /5 2750 [1-9]\d*:[1-9]\d* 0 \d+ - \/srv\/crew .*/,
      /0 644 [1-9]\d*:[1-9]\d* 0 1700000000 [0-9a-f]{64} \/srv\/crew\/log .*/,
    ] {
      #expect(files.filter { $0.wholeMatch(of: pattern) != nil }.count == 1)
    }
  }

  /// Says which files differ when images do.
  private func expectDigest(_ digest: String, of fixture: String, in place: RungPlace) async throws {
    if try await Self.expected.value.digests[fixture] == digest { return }
    let expected = try await Rung.root.use { try await $0.files(of: fixture) }
    let files = try await place.files(of: fixture)
    let differences =
      Set(expected).subtracting(files).map { "- \($0)" } + Set(files).subtracting(expected).map { "+ \($0)" }
    Issue.record("\(fixture) is another image, with these files:\n\(differences.sorted().joined(separator: "\n"))")
  }
}
