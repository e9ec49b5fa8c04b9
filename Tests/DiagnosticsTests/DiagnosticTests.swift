import Diagnostics
import Testing

@Suite struct DiagnosticTests {
  @Test func takesAPlaceOnlyWhenItHasNone() {
    let first = SourceAnnotation(SourceFile(name: "a", text: "x"), SourceRange(0, 1))
    let second = SourceAnnotation(SourceFile(name: "b", text: "y"), SourceRange(0, 1))
    let diagnostic = Diagnostic.error("c", "m")
    #expect(diagnostic.located(at: nil).annotation == nil)
    #expect(diagnostic.located(at: first).annotation == first)
    #expect(diagnostic.located(at: first).located(at: second).annotation == first)
  }

  @Test(
    arguments: [
      (ExitCode.success, 0), (.failure, 1), (.usage, 2), (.findings, 3), (.authentication, 4), (.rolledBack, 5),
      (.pluginProtocol, 6), (.unavailable, 69), (.defect, 70), (.signal(2), 130), (.signal(15), 143),
    ] as [(ExitCode, Int32)])
  func exitCodesStay(_ code: ExitCode, _ number: Int32) {
    #expect(code.rawValue == number)
  }

  @Test func errorsDescribeThemselvesByTheirDiagnostics() {
    let error = DiagnosticsError([.error("a", "one"), .error("b", "two")], exitCode: .usage)
    #expect("\(error)" == "error[a]: one\n\nerror[b]: two\n")
    #expect(error.exitCode == .usage)
    #expect(DiagnosticsError(.error("a", "one")).exitCode == .failure)
  }
}
