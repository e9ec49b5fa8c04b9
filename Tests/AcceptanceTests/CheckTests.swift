import Diagnostics
import HostOS
import TestSupport
import Testing

@Suite struct CheckTests {
  private static let untidy = "FROM scratch\nMAINTAINER me\nCOPY secret.txt /\n"

  @Test(arguments: [
    ("FROM scratch\nCOPY a /\n", "text", ExitCode.success, ""),
    (
      untidy, "text", .findings,
      "warning[MaintainerDeprecated]: MAINTAINER is deprecated\n --> Dockerfile:2:1\n"
    ),
    (
      untidy, "github", .findings,
      "::warning file=Dockerfile,line=2,endLine=2,col=1,endColumn=11,title=MaintainerDeprecated::"
    ),
    ("# check=skip=all\n" + untidy, "text", .success, ""),
    ("FORM scratch\n", "text", .usage, "error[unknown-instruction]: there is no instruction FORM\n"),
  ])
  func findingsAreTheAnswer(_ dockerfile: String, _ format: String, _ code: ExitCode, _ beginning: String) async throws
  {
    try await Scratch.use("check") { scratch in
      let folder = try scratch.write(
        ["Dockerfile": .file(dockerfile), ".dockerignore": "secret.txt\n", "a": "", "secret.txt": ""], in: "context")
      let outcome = try await SlipwayBinary(scratch).run(["check", "--format", format], in: folder)
      expect(outcome, endsWith: code.rawValue)
      #expect(outcome.outputText.hasPrefix(beginning), "it was:\n\(outcome.outputText)")
      #expect(outcome.outputText.isEmpty == beginning.isEmpty)
      #expect(outcome.outputText.contains("CopyIgnoredFile") == (code == .findings))
    }
  }
}
