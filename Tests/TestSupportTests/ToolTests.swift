import Diagnostics
import HostOS
import TestSupport
import Testing

@Suite struct ToolTests {
  @Test func sayWhatToInstall() async throws {
    let error = await #expect(throws: TestSupportError.self) { try await Tool.run("no-such-tool") }
    #expect(error?.description.contains("scripts/install-packages test") == true)
  }

  @Test func failWithWhatTheyWrote() async throws {
    let error = await #expect(throws: TestSupportError.self) {
      try await Tool.run("sh", ["-c", "echo the reason >&2; exit 7"])
    }
    #expect(error?.description.contains("sh ended with 7") == true)
    #expect(error?.description.contains("the reason") == true)
  }

  @Test func mayEndAsTheyLikeWhenAsked() async throws {
    #expect(try await Tool.attempt("sh", ["-c", "exit 7"]).status == 7)
  }
}
