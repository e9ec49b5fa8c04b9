import HostOS
import SystemPackage
import TestSupport
import Testing

/// What runs keep for the next one, and what tests said.
@Suite struct RunReportTests {
  @Test func reportsAreSummarised() async throws {
    let place = try RunTests.Place(
      """
      version: 0.2
      phases: {build: {commands: ['false']}}
      reports:
        unit: {files: ['**/*.xml'], base-directory: out}
        none: {files: [gone.xml]}

      """,
      [
        "out/a.xml": "<testsuite><testcase/><testcase><failure/></testcase></testsuite>",
        "out/b/c.xml": "<testsuite><testcase/></testsuite>",
        "out/bad.xml": "no",
      ])
    let outcome = try await place.run(["--format", "json"])
    expect(outcome, endsWith: 1)
    #expect(outcome.errorText.contains("Report unit: 3 tests, 2 passed, 1 failed, 0 skipped\n"))
    #expect(
      outcome.errorText.contains("warning[report-not-read]: bad.xml")
        && outcome.errorText.contains("warning[report-missing]"))
    #expect(outcome.outputText.contains("\"passed\" : 2"))
  }

  @Test func cachesComeBack() async throws {
    let place = try RunTests.Place(
      """
      version: 0.2
      phases:
        install: {commands: ['cat kept/a/x /proc/self/cwd/deps 2>/dev/null || echo fresh']}
        build: {commands: ['mkdir -p kept/a; echo cached > kept/a/x; ln -sf x kept/a/l; rm -rf ../kept; mv kept ../kept; cp -a ../kept kept']}
      cache: {paths: ['kept/**/*'], key: 'k-$(codebuild-hash-files lock)', fallback-keys: [k-]}

      """, ["lock": "1\n"])
    let first = try await place.run(["--cache", "../cache"])
    expect(first)
    #expect(RunTests.log(first).contains("fresh") && first.errorText.contains("Saved cache of 2 file(s)"))
    try Files.removeTree(place.source.appending("kept"))
    let second = try await place.run(["--cache", "../cache"])
    expect(second)
    #expect(RunTests.log(second).contains("cached"))
    #expect(try Files.symbolicLinkTarget(place.source.pushing("kept/a/l")) == "x")
    // Another key, whose beginning is known.
    try place.scratch.write(["lock": "2\n"], in: "source")
    try Files.removeTree(place.source.appending("kept"))
    let third = try await place.run(["--cache", "../cache"])
    #expect(RunTests.log(third).contains("cached") && third.errorText.contains("Saved cache"))
    #expect(try Files.names(in: place.scratch("cache")).count == 2)
    let refused = try await place.run(["--cache", "s3://bucket"])
    expect(refused, endsWith: 2)
  }

  @Test(
    arguments: [
      ("buildspec.yml", "version: 0.2\nphases:\n  build:\n    commnads: [a]\n", 3, "did you mean commands?"),
      ("ci.yaml", "version: 0.2\nphases:\n  biuld: {}\n", 2, "did you mean build?"),
      ("my-buildspec.yaml", "version: 0.2\nphases: {build: {commands: [a]}}\n", 0, ""),
      ("buildspec.yml", "a: b: c\n", 2, "mapping values are not allowed"),
    ] as [(String, String, Int32, String)])
  func buildspecsAreChecked(name: String, text: String, status: Int32, expected: String) async throws {
    let place = try RunTests.Place("", [name: .file(text)])
    try place.scratch.write([name: .file(text)], in: "source")
    let outcome = try await place.slipway.run(["check", name], in: place.source)
    expect(outcome, endsWith: status)
    #expect(expected.isEmpty ? outcome.outputText.isEmpty : outcome.outputText.contains(expected))
  }
}
