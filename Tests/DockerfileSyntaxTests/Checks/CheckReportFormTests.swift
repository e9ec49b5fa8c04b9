import Diagnostics
import DockerfileSyntax
import Foundation
import Testing

/// Reports for machines.
@Suite struct CheckReportFormTests {
  static let rules = CheckRule.all.map { $0.descriptor(linkedBelow: "https://example.org/") }

  // MARK: SARIF

  /// What SARIF 2.1.0 demands of a log, as far as we write it.
  private struct SARIFLog: Decodable {
    struct Message: Decodable { var text: String }
    struct Rule: Decodable {
      struct Configuration: Decodable {
        var enabled: Bool
        var level: String
      }
      var id: String
      var shortDescription: Message
      var helpUri: String?
      var help: Message?
      var defaultConfiguration: Configuration
    }
    struct Driver: Decodable {
      var name: String
      var version: String
      var rules: [Rule]
    }
    struct Tool: Decodable { var driver: Driver }
    struct Region: Decodable { var startLine, startColumn, endLine, endColumn: Int }
    struct Artifact: Decodable { var uri: String }
    struct PhysicalLocation: Decodable {
      var artifactLocation: Artifact
      var region: Region
    }
    struct Location: Decodable {
      var physicalLocation: PhysicalLocation
      var message: Message?
    }
    struct Result: Decodable {
      var ruleId: String
      var ruleIndex: Int?
      var level: String
      var message: Message
      var locations: [Location]
      var relatedLocations: [Location]?
    }
    struct Run: Decodable {
      var tool: Tool
      var columnKind: String
      var results: [Result]
    }
    var schema: String
    var version: String
    var runs: [Run]

    enum CodingKeys: String, CodingKey {
      case schema = "$schema"
      case version, runs
    }
  }

  private func sarif(_ diagnostics: [Diagnostic], rules: [DiagnosticRule] = rules) throws -> SARIFLog {
    let text = SARIFRenderer(toolName: "slipway", toolVersion: "1.2.3", rules: rules).render(diagnostics)
    #expect(text.hasSuffix("}\n"))
    return try JSONDecoder().decode(SARIFLog.self, from: Data(text.utf8))
  }

  @Test(arguments: CheckFixtures.names)
  func sarifHoldsEachDiagnostic(_ name: String) throws {
    let report = try CheckFixtures.report(on: name).report
    let log = try sarif(report.diagnostics)
    #expect(log.version == "2.1.0")
    #expect(log.schema.hasPrefix("https://") && log.schema.hasSuffix("sarif-schema-2.1.0.json"))
    let run = try #require(log.runs.first)
    #expect(log.runs.count == 1 && run.columnKind == "unicodeCodePoints")
    #expect(run.tool.driver.rules.map(\.id) == CheckRule.all.map(\.code.rawValue))
    #expect(run.results.count == report.diagnostics.count)
    for (result, diagnostic) in zip(run.results, report.diagnostics) {
      #expect(result.ruleId == diagnostic.code.rawValue)
      #expect(result.level == diagnostic.severity.rawValue)
      #expect(result.message.text.hasPrefix(diagnostic.message))
      let isRule = CheckRule.Name(rawValue: result.ruleId) != nil
      #expect(result.ruleIndex.map { run.tool.driver.rules[$0].id } == (isRule ? result.ruleId : nil))
      let region = try #require(result.locations.first).physicalLocation.region
      let start = try #require(diagnostic.annotation).file.location(at: diagnostic.annotation?.range.lowerBound ?? 0)
      #expect(region.startLine == start.line && region.startColumn == start.column)
      #expect((region.endLine, region.endColumn) >= (region.startLine, region.startColumn))
      #expect((result.relatedLocations ?? []).count == diagnostic.notes.compactMap(\.annotation).count)
    }
  }

  @Test func sarifLinksPagesByAbsoluteAddressesOnly() throws {
    let absolute = try sarif([]).runs[0].tool.driver.rules
    #expect(absolute.allSatisfy { $0.helpUri == "https://example.org/docs/checks/\($0.id).md" && $0.help == nil })
    #expect(absolute.filter { !$0.defaultConfiguration.enabled }.map(\.id) == ["InvalidDefinitionDescription"])
    let relative = try sarif([], rules: CheckRule.all.map { $0.descriptor() }).runs[0].tool.driver.rules
    #expect(relative.allSatisfy { $0.helpUri == nil && $0.help?.text == "see docs/checks/\($0.id).md" })
  }

  @Test(arguments: [
    ("app/Dockerfile", "app/Dockerfile"), ("my app/Ä", "my%20app/%C3%84"), ("<stdin>", "%3Cstdin%3E"),
    ("100%", "100%25"), ("a:b", "a%3Ab"),
  ])
  func sarifNamesFilesAsReferences(_ name: String, _ uri: String) throws {
    let file = SourceFile(name: name, text: "FROM scratch\n")
    let diagnostic = Diagnostic.error("x", "y", at: SourceAnnotation(file, SourceRange(0, 4)))
    let location = try #require(try sarif([diagnostic]).runs[0].results[0].locations.first)
    #expect(location.physicalLocation.artifactLocation.uri == uri)
  }

  // MARK: GitHub

  @Test func gitHubAnnotationsEscapeWhatHasAMeaning() {
    let file = SourceFile(name: "a,b:c%", text: "é FROM\nCMD x\n")
    let diagnostics = [
      Diagnostic.warning(
        "Rule", "100 % sure\r\nof it: a, b", at: SourceAnnotation(file, SourceRange(3, 7)), help: ["do: it"]),
      Diagnostic.error("over-lines", "m", at: SourceAnnotation(file, SourceRange(3, 11))),
      Diagnostic(.note, "nowhere", "m"),
    ]
    #expect(
      GitHubAnnotationRenderer().render(diagnostics) == """
        ::warning file=a%2Cb%3Ac%25,line=1,endLine=1,col=3,endColumn=7,title=Rule::100 %25 sure%0D%0Aof it: a, b%0Ahelp: do: it
        ::error file=a%2Cb%3Ac%25,line=1,endLine=2,title=over-lines::m
        ::notice title=nowhere::m

        """)
  }

  @Test(arguments: CheckFixtures.names)
  func gitHubAnnotationsAreOneLineEach(_ name: String) throws {
    let report = try CheckFixtures.report(on: name).report
    let lines = GitHubAnnotationRenderer().render(report.diagnostics).split(separator: "\n")
    #expect(lines.count == report.diagnostics.count)
    #expect(lines.allSatisfy { $0.hasPrefix("::warning file=Dockerfile,line=") || $0.hasPrefix("::error file=") })
  }

  // MARK: JSON

  /// BuildKit's `LintResults`.
  private struct CheckResults: Decodable {
    struct Position: Decodable, Equatable { var line, character: Int }
    struct Range: Decodable { var start, end: Position }
    struct Location: Decodable {
      var sourceIndex: Int
      var ranges: [Range]
    }
    struct Warning: Decodable {
      var ruleName: String
      var description: String?
      var url: String?
      var detail: String
      var location: Location
    }
    struct Source: Decodable {
      var fileName: String
      var language: String
      var data: Data
    }
    struct BuildError: Decodable {
      var message: String
      var location: Location?
    }
    var warnings: [Warning]
    var sources: [Source]
    var error: BuildError?
  }

  private func results(_ diagnostics: [Diagnostic], of file: SourceFile) throws -> CheckResults {
    let text = CheckResultsRenderer(rules: Self.rules).render(diagnostics, of: file)
    return try JSONDecoder().decode(CheckResults.self, from: Data(text.utf8))
  }

  @Test(arguments: CheckFixtures.names)
  func jsonHoldsEachDiagnostic(_ name: String) throws {
    let (report, file) = try CheckFixtures.report(on: name)
    let results = try results(report.diagnostics, of: file)
    #expect(results.sources.map(\.fileName) == ["Dockerfile"])
    #expect(results.sources.map { [UInt8]($0.data) } == [file.bytes])
    let warnings = report.diagnostics.filter { $0.severity == .warning }
    #expect(results.warnings.map(\.ruleName) == warnings.map(\.code.rawValue))
    #expect(results.warnings.map(\.detail) == warnings.map(\.message))
    #expect(results.error?.message == report.diagnostics.first { $0.severity == .error }?.message)
    for warning in results.warnings {
      let rule = CheckRule.Name(rawValue: warning.ruleName).flatMap { CheckRule[$0] }
      #expect(warning.description == rule?.summary)
      #expect(warning.url == rule.map { "https://example.org/\($0.page)" })
    }
  }

  @Test func jsonCountsLinesFromOneAndCharactersFromZero() throws {
    let file = SourceFile(name: "Dockerfile", text: "FROM scratch AS base\nFROM scratch as Bäse\n")
    let report = Dockerfile.parse(SourceFile(name: "Dockerfile", text: "FROM scratch\nFROM scratch as base\n")).check()
    let range = try #require(try results(report.diagnostics, of: file).warnings.first?.location.ranges.first)
    #expect(range.start == CheckResults.Position(line: 2, character: 13))
    #expect(range.end == CheckResults.Position(line: 2, character: 15))
  }

  @Test(arguments: 0..<8)
  func jsonHoldsSourcesOfAnyLength(_ length: Int) throws {
    let bytes = [0x00, 0xFF, 0x3E, 0x3F, 0x41, 0x0A, 0x80].prefix(length).map { UInt8($0) }
    let results = try results([], of: SourceFile(name: "Dockerfile", bytes: bytes))
    #expect(results.sources.map { [UInt8]($0.data) } == [bytes])
    #expect(results.warnings.isEmpty && results.error == nil)
  }

  @Test func violationIsTheErrorOfTheBuild() throws {
    let (report, file) = try CheckFixtures.report(on: "options-error")
    let violation = try #require(report.violation)
    let results = try results(report.diagnostics + [violation], of: file)
    #expect(results.error?.message == violation.message)
    #expect(results.error?.location?.ranges.first?.start.line == 1)
    #expect(try CheckFixtures.report(on: "options-error-without-findings").report.violation == nil)
  }
}
