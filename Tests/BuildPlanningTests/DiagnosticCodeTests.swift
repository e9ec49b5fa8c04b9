import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Every message that planning can give stands in a golden case.
@Suite struct DiagnosticCodeTests {
  private static func codes(in source: String) -> [String] {
    source.matches(of: /(?:PlanningError|\.error|\.warning)\(\s*"([a-z-]+)"/).map { String($0.1) }
  }

  private static func text(of path: FilePath) throws -> String {
    String(decoding: try Files.read(path), as: UTF8.self)
  }

  @Test func everyCodeHasACase() throws {
    let sources = Checkout.root.appending("Sources").appending("BuildPlanning")
    var codes: Set<String> = []
    for name in FileManager.default.subpaths(atPath: sources.string) ?? [] where name.hasSuffix(".swift") {
      codes.formUnion(Self.codes(in: try Self.text(of: sources.pushing(FilePath(name)))))
    }
    #expect(codes.count >= 25)
    let cases = Checkout.fixture("build-planning")
    var outcomes = ""
    for folder in try Files.names(in: cases) {
      for file in ["plan.txt", "error.txt"] {
        let path = cases.appending(folder.string).appending(file)
        if try FileStatus.ifExists(path) != nil { outcomes += try Self.text(of: path) }
      }
    }
    #expect(codes.sorted().filter { !outcomes.contains("[\($0)]") } == [])
  }

  @Test func findsCodes() {
    let source = """
      throw PlanningError("one-code", "text")
      throw PlanningError(
        "two", "text")
      .warning("three", "x"), .error(
          "four", "x"), other("five")
      """
    #expect(Self.codes(in: source) == ["one-code", "two", "three", "four"])
  }
}
