import Diagnostics
import DockerfileSyntax
import Foundation
import Testing

/// The table of rules, their pages and their fixtures belong together.
@Suite struct CheckRuleTests {
  static let pages = CheckFixtures.repository.appending(path: "docs/checks")

  @Test func tableNamesEachRuleOnce() {
    #expect(CheckRule.all.map(\.name) == CheckRule.Name.allCases)
    #expect(CheckRule.all.count == 22)
    #expect(CheckRule.all.filter(\.isExperimental).map(\.name) == [.invalidDefinitionDescription])
  }

  @Test func eachRuleHasOnePage() {
    let expected = CheckRule.all.map { URL(filePath: $0.page).lastPathComponent } + ["README.md"]
    #expect(CheckFixtures.entries(of: Self.pages) == expected.sorted())
  }

  @Test(arguments: CheckRule.Name.allCases)
  func indexListsRule(_ name: CheckRule.Name) throws {
    let rule = try #require(CheckRule[name])
    let index = try String(contentsOf: Self.pages.appending(path: "README.md"), encoding: .utf8)
    let mark = rule.isExperimental ? " (experimental)" : ""
    #expect(index.contains("| [\(name.rawValue)](\(name.rawValue).md)\(mark) | \(rule.summary) |\n"))
  }

  /// A page begins with the rule's name and sentence; its first sample breaks the rule, its second does not.
  @Test(arguments: CheckRule.Name.allCases)
  func pageTellsTheTruth(_ name: CheckRule.Name) throws {
    let rule = try #require(CheckRule[name])
    let page = try String(contentsOf: CheckFixtures.repository.appending(path: rule.page), encoding: .utf8)
    let words = page.split { $0.isWhitespace }.joined(separator: " ")
    let sentence = rule.summary.prefix(1).uppercased() + rule.summary.dropFirst()
    #expect(words.hasPrefix("# \(name.rawValue) \(sentence). "))
    let samples = MarkdownSamples.of("dockerfile", in: page)
    try #require(samples.count == 2)
    var context = CheckContext()
    let isAboutBases = name == .invalidBaseImagePlatform
    context.bases[0] = CheckContext.BaseImage(
      platform: isAboutBases ? CheckPlatform(os: "linux", architecture: "arm64") : nil)
    if let ignore = MarkdownSamples.of("text", in: page).first {
      context.ignore = try DockerIgnore.parse(SourceFile(name: ".dockerignore", text: ignore)).get()
    }
    #expect(Self.codes(samples[0], context) == [rule.code.rawValue])
    #expect(Self.codes(samples[1], context).isEmpty)
  }

  @Test func indexTellsTheTruth() throws {
    let index = try String(contentsOf: Self.pages.appending(path: "README.md"), encoding: .utf8)
    let samples = MarkdownSamples.of("dockerfile", in: index)
    #expect(samples.count == 2)
    for sample in samples { #expect(Self.codes(sample, CheckContext()).isEmpty) }
  }

  private static func codes(_ text: String, _ context: CheckContext) -> [String] {
    let report = Dockerfile.parse(SourceFile(name: "Dockerfile", text: text)).check(context)
    return report.diagnostics.map(\.code.rawValue)
  }

  // MARK: Fixtures

  @Test(arguments: CheckRule.Name.allCases)
  func ruleHasFixturesOfBothKinds(_ name: CheckRule.Name) throws {
    let folders = CheckFixtures.names.filter { $0.hasPrefix(name.rawValue + "-") }
    let texts = try folders.map {
      try String(contentsOf: CheckFixtures.root.appending(path: "\($0)/expected.txt"), encoding: .utf8)
    }
    let positive = texts.filter { $0.contains("warning[\(name.rawValue)]: ") }.count
    #expect(positive >= 2)
    #expect(texts.count - positive >= 2)
  }

  @Test func fixturesAreAboutRules() {
    let known = Set(CheckRule.Name.allCases.map(\.rawValue) + ["options"])
    let strangers = CheckFixtures.names.filter { !known.contains(String($0.prefix { $0 != "-" })) }
    #expect(strangers.isEmpty)
  }

  // MARK: Findings

  /// Every finding helps, says its sentence as all messages do, and points at something.
  @Test(arguments: CheckFixtures.names)
  func findingsAreWellFormed(_ name: String) throws {
    let (report, file) = try CheckFixtures.report(on: name)
    for finding in report.findings {
      #expect(finding.severity == .warning)
      #expect(CheckRule.Name(rawValue: finding.code.rawValue) != nil)
      #expect(!finding.message.hasSuffix("."))
      #expect(!finding.help.isEmpty)
      let range = try #require(finding.annotation?.range)
      #expect(range.lowerBound >= 0 && range.upperBound <= file.bytes.count)
      #expect(!range.isEmpty || finding.code.rawValue == CheckRule.Name.noEmptyContinuation.rawValue)
    }
    #expect(Set(report.diagnostics).count == report.diagnostics.count)
  }

  /// The parser's warnings that are rules come out under the rules' names.
  @Test(arguments: CheckFixtures.names)
  func parserWarningsAreNotRepeated(_ name: String) throws {
    let report = try CheckFixtures.report(on: name).report
    #expect(!report.diagnostics.contains { $0.code == "no-empty-continuation" })
    let ranges = report.findings.filter { $0.code == "JSONArgsRecommended" }.compactMap { $0.annotation?.range }
    #expect(
      !report.remarks.contains { remark in
        remark.code == "invalid-json-form" && ranges.contains { $0 == remark.annotation?.range }
      })
  }
}

/// Samples in documents.
enum MarkdownSamples {
  /// The fenced blocks of a language, each ending in a line feed.
  static func of(_ language: String, in text: String) -> [String] {
    var samples: [String] = []
    var current: String?
    for line in text.components(separatedBy: "\n") {
      if line == "```\(language)" {
        current = ""
      } else if line == "```", let sample = current {
        samples.append(sample)
        current = nil
      } else if current != nil {
        current?.append(line + "\n")
      }
    }
    return samples
  }
}
