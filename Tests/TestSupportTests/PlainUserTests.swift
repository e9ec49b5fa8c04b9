import HostOS
import TestSupport
import Testing

@Suite struct PlainUserTests {
  @Test(arguments: 0..<4) func hasItsOwnRange(_ index: Int) async throws {
    let name = try await PlainUser.use { user in
      let who = try await user.run("id", ["-u"])
      #expect(who.outputText == "\(user.uid)\n")
      let inside = try await user.run("podman", ["unshare", "cat", "/proc/self/uid_map"])
      #expect(inside.outputText.contains("65536"), "\(inside.errorText)")
      let touched = try await user.run("sh", ["-c", "touch here && sleep 100 & cd; pwd"])
      #expect(touched.outputText == "\(user.home)\n")
      return user.name
    }
    #expect(try await !Tool.attempt("id", [name]).succeeded)
    #expect(try await !Tool.attempt("grep", [name, "/etc/subuid", "/etc/subgid"]).succeeded)
  }

  @Test func mayHaveNoRange() async throws {
    try await PlainUser.use(subordinateIDs: 0) { user in
      let outcome = try await Tool.attempt("grep", [user.name, "/etc/subuid"])
      #expect(!outcome.succeeded)
    }
  }
}
