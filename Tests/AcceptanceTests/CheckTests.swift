import Diagnostics
import HostOS
import SystemPackage
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

  @Test func buildsTellFindingsAndGoOn() async throws {
    try await Scratch.use("check") { scratch in
      let folder = try scratch.write(["Dockerfile": "FROM scratch\nMAINTAINER me\nENV A=$B\n"], in: "context")
      let binary = try SlipwayBinary(scratch)
      let built = try await binary.run(["build", folder.string])
      expect(built)
      #expect(
        built.errorText.contains(
          """
          warning[checks]: the checks found 2 things in \(folder)/Dockerfile
            = note: line 2: MaintainerDeprecated: MAINTAINER is deprecated
            = note: line 3: UndefinedVar: the variable 'B' is not set here

          """), "it was:\n\(built.errorText)")
      let checked = try await binary.run(["build", "--check", "--progress", "quiet", folder.string])
      expect(checked, endsWith: ExitCode.findings.rawValue)
      #expect(checked.outputText.hasPrefix("warning[MaintainerDeprecated]: MAINTAINER is deprecated\n"))
      #expect(checked.errorText.isEmpty)
    }
  }

  @Test func buildsEndWhereTheFilePermitsNoFindings() async throws {
    try await Scratch.use("check") { scratch in
      let folder = try scratch.write(
        ["Dockerfile": "# check=error=true\nFROM scratch\nMAINTAINER me\n"], in: "context")
      let built = try await SlipwayBinary(scratch).run(["build", folder.string])
      expect(built, endsWith: ExitCode.findings.rawValue)
      #expect(built.errorText.contains("error[check-violation]: "))
      #expect(built.outputText.isEmpty)
    }
  }

  /// What is known of a base image is known to the checks of a build.
  @Test func variablesOfBaseImagesAreDefined() async throws {
    try await Workplace.use { place in
      let outcome = try await place.build(["Dockerfile": "ARG BASE\nFROM $BASE\nLABEL path=$PATH:$PAHT\n"], ["--check"])
      expect(outcome, endsWith: ExitCode.findings.rawValue)
      #expect(outcome.outputText.contains("UndefinedVar"))
      #expect(outcome.outputText.contains("did you mean $PATH?"))
      #expect(!outcome.outputText.contains("the variable 'PATH'"))
    }
  }
}
