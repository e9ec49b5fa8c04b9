import Buildspec
import Diagnostics
import Testing

@Suite struct ReportReaderTests {
  struct Sample: Sendable {
    var format: ReportGroup.Format
    var text: String
    var summary: String
  }

  @Test(arguments: [
    Sample(
      format: .junit,
      text:
        "<?xml version=\"1.0\"?><testsuites tests=\"99\"><testsuite><testcase name=\"a\"/><testcase><failure>x</failure></testcase></testsuite><testsuite><testcase><skipped/></testcase><testcase><error/></testcase></testsuite></testsuites>",
      summary: "Report r: 4 tests, 1 passed, 2 failed, 1 skipped"),
    Sample(
      format: .nunit,
      text:
        "<test-results><test-suite><results><test-case executed=\"True\" success=\"True\" result=\"Success\"/><test-case executed=\"True\" success=\"False\" result=\"Failure\"/><test-case executed=\"False\" result=\"Ignored\"/></results></test-suite></test-results>",
      summary: "Report r: 3 tests, 1 passed, 1 failed, 1 skipped"),
    Sample(
      format: .nunit3,
      text:
        "<test-run><test-suite><test-case result=\"Passed\"/><test-case result=\"Failed\"/><test-case result=\"Skipped\"/></test-suite></test-run>",
      summary: "Report r: 3 tests, 1 passed, 1 failed, 1 skipped"),
    Sample(
      format: .testNG,
      text:
        "<testng-results><suite><test><class><test-method status=\"PASS\" is-config=\"true\"/><test-method status=\"PASS\"/><test-method status=\"FAIL\"/><test-method status=\"SKIP\"/></class></test></suite></testng-results>",
      summary: "Report r: 3 tests, 1 passed, 1 failed, 1 skipped"),
    Sample(
      format: .visualStudio,
      text:
        "<TestRun xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\"><Results><UnitTestResult outcome=\"Passed\"/><UnitTestResult outcome=\"Failed\"/><UnitTestResult outcome=\"NotExecuted\"/></Results></TestRun>",
      summary: "Report r: 3 tests, 1 passed, 1 failed, 1 skipped"),
    Sample(
      format: .cucumber,
      text:
        "[{\"elements\": [{\"type\": \"background\", \"steps\": []}, {\"steps\": [{\"result\": {\"status\": \"passed\"}}]}, {\"steps\": [{\"result\": {\"status\": \"passed\"}}, {\"result\": {\"status\": \"failed\"}}, {\"result\": {\"status\": \"skipped\"}}]}, {\"steps\": [{\"result\": {\"status\": \"pending\"}}]}]}]",
      summary: "Report r: 3 tests, 1 passed, 1 failed, 1 skipped"),
    Sample(
      format: .clover,
      text:
        "<coverage><project><metrics statements=\"8\" coveredstatements=\"6\" conditionals=\"4\" coveredconditionals=\"1\"/></project></coverage>",
      summary: "Report r: 75.0% of 8 lines, 25.0% of 4 branches"),
    Sample(
      format: .cobertura,
      text:
        "<!DOCTYPE coverage SYSTEM \"http://cobertura.sourceforge.net/xml/coverage-04.dtd\"><coverage lines-valid=\"3\" lines-covered=\"1\" branches-valid=\"0\" branches-covered=\"0\"/>",
      summary: "Report r: 33.3% of 3 lines"),
    Sample(
      format: .jacoco,
      text:
        "<report name=\"x\"><package><counter type=\"LINE\" missed=\"9\" covered=\"9\"/></package><counter type=\"LINE\" missed=\"1\" covered=\"3\"/><counter type=\"BRANCH\" missed=\"1\" covered=\"1\"/></report>",
      summary: "Report r: 75.0% of 4 lines, 50.0% of 2 branches"),
    Sample(
      format: .simpleCov, text: "{\"RSpec\": {\"coverage\": {\"a.rb\": [1, null, 0], \"b.rb\": {\"lines\": [2, 2]}}}}",
      summary: "Report r: 75.0% of 4 lines"),
  ])
  func everyFormatIsSummarised(sample: Sample) throws {
    let spec = try Buildspec.parse(
      SourceFile(
        name: "b",
        text:
          "version: 0.2\nphases: {}\nreports: {r: {files: [x], file-format: \(sample.format.rawValue.lowercased())}}\n")
    )
    var reader = ReportReader(try #require(spec.reports.first), name: "r")
    let isRead = reader.read(Array(sample.text.utf8))
    #expect(isRead)
    #expect(reader.summary.text == sample.summary)
    // Halves and other formats are no reports, and nothing is counted of them.
    for bytes in [Array(sample.text.utf8.dropLast(3)), Array("<other/>".utf8), Array("[1]".utf8), []] {
      if sample.format == .cucumber, bytes == Array("[1]".utf8) { continue }
      let isRead = reader.read(bytes)
      #expect(!isRead)
    }
    #expect(reader.summary.files == 1)
  }
}
