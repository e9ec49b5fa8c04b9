import Foundation

/// Reads the files of a report group in the formats that CodeBuild knows ("Working with test reports").
public struct ReportReader {
  public private(set) var summary: ReportSummary
  private let format: ReportGroup.Format

  public init(_ group: ReportGroup, name: String) {
    format = group.format
    summary = ReportSummary(name: name, format: group.format)
  }

  /// Adds what a file says.
  /// - Returns: false when it is not of the format.
  public mutating func read(_ bytes: [UInt8]) -> Bool {
    let isRead =
      switch format {
      case .cucumber: cucumber(bytes)
      case .simpleCov: simpleCov(bytes)
      default: XMLNode.parse(bytes).map { xml($0) } ?? false
      }
    if isRead { summary.files += 1 }
    return isRead
  }

  private mutating func xml(_ root: XMLNode) -> Bool {
    switch format {
    case .junit: junit(root)
    case .nunit: nunit(root)
    case .nunit3: nunit3(root)
    case .testNG: testNG(root)
    case .visualStudio: visualStudio(root)
    case .clover: clover(root)
    case .cobertura: cobertura(root)
    case .jacoco: jacoco(root)
    case .cucumber, .simpleCov: false
    }
  }

  // MARK: Tests

  /// The cases themselves: totals of suites are often wrong, and suites may be inside of one another.
  private mutating func junit(_ root: XMLNode) -> Bool {
    guard ["testsuites", "testsuite"].contains(root.name) else { return false }
    let cases = root.all("testcase")
    summary.add(
      total: cases.count, failed: cases.count { $0.first("failure") != nil || $0.first("error") != nil },
      skipped: cases.count { $0.first("skipped") != nil && $0.first("failure") == nil && $0.first("error") == nil })
    return true
  }

  private mutating func nunit(_ root: XMLNode) -> Bool {
    guard root.name == "test-results" else { return false }
    let cases = root.all("test-case")
    summary.add(
      total: cases.count,
      failed: cases.count {
        ["failure", "error"].contains($0["result"]?.lowercased())
          || $0["success"]?.lowercased() == "false" && $0["executed"]?.lowercased() != "false"
      },
      skipped: cases.count { $0["executed"]?.lowercased() == "false" })
    return true
  }

  private mutating func nunit3(_ root: XMLNode) -> Bool {
    guard root.name == "test-run" || root.name == "test-suite" else { return false }
    let results = root.all("test-case").map { $0["result"]?.lowercased() ?? "" }
    summary.add(
      total: results.count, failed: results.count { $0 == "failed" },
      skipped: results.count { ["skipped", "inconclusive", "ignored"].contains($0) })
    return true
  }

  private mutating func testNG(_ root: XMLNode) -> Bool {
    guard root.name == "testng-results" else { return false }
    let methods = root.all("test-method").filter { $0["is-config"] != "true" }
    summary.add(
      total: methods.count, failed: methods.count { $0["status"] == "FAIL" },
      skipped: methods.count { $0["status"] == "SKIP" })
    return true
  }

  private mutating func visualStudio(_ root: XMLNode) -> Bool {
    guard root.name == "TestRun" else { return false }
    let outcomes = root.all("UnitTestResult").map { $0["outcome"]?.lowercased() ?? "passed" }
    let failures: Set = ["failed", "error", "timeout", "aborted"]
    summary.add(
      total: outcomes.count, failed: outcomes.count { failures.contains($0) },
      skipped: outcomes.count { !failures.contains($0) && $0 != "passed" })
    return true
  }

  private mutating func cucumber(_ bytes: [UInt8]) -> Bool {
    guard let features = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [[String: Any]] else { return false }
    for feature in features {
      for element in feature["elements"] as? [[String: Any]] ?? [] where element["type"] as? String != "background" {
        let steps = ["before", "steps", "after"].flatMap { element[$0] as? [[String: Any]] ?? [] }
        let results = steps.map { ($0["result"] as? [String: Any])?["status"] as? String ?? "passed" }
        let failed = results.contains("failed")
        let skipped = !failed && results.contains { ["skipped", "pending", "undefined", "ambiguous"].contains($0) }
        summary.add(total: 1, failed: failed ? 1 : 0, skipped: skipped ? 1 : 0)
      }
    }
    return true
  }

  // MARK: Coverage

  private mutating func clover(_ root: XMLNode) -> Bool {
    guard root.name == "coverage", let metrics = root.first("project")?.first("metrics") else { return false }
    summary.addLines(metrics.count("coveredstatements") ?? 0, of: metrics.count("statements") ?? 0)
    summary.addBranches(metrics.count("coveredconditionals") ?? 0, of: metrics.count("conditionals") ?? 0)
    return true
  }

  private mutating func cobertura(_ root: XMLNode) -> Bool {
    guard root.name == "coverage" else { return false }
    if let total = root.count("lines-valid"), let covered = root.count("lines-covered") {
      summary.addLines(covered, of: total)
    } else {
      // Lines of methods are there once more among those of their class.
      let lines = root.all("class").compactMap { $0.first("lines") }.flatMap { $0.all("line") }
      summary.addLines(lines.count { ($0.count("hits") ?? 0) > 0 }, of: lines.count)
    }
    summary.addBranches(root.count("branches-covered") ?? 0, of: root.count("branches-valid") ?? 0)
    return true
  }

  private mutating func jacoco(_ root: XMLNode) -> Bool {
    guard root.name == "report" else { return false }
    for counter in root.children where counter.name == "counter" {
      let covered = counter.count("covered") ?? 0
      let total = covered + (counter.count("missed") ?? 0)
      if counter["type"] == "LINE" { summary.addLines(covered, of: total) }
      if counter["type"] == "BRANCH" { summary.addBranches(covered, of: total) }
    }
    if summary.linesTotal == nil { summary.addLines(0, of: 0) }
    return true
  }

  /// `{NAME: {coverage: {FILE: [1, null] or {lines: […]}}}}`; null is a line without code.
  private mutating func simpleCov(_ bytes: [UInt8]) -> Bool {
    guard let runs = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { return false }
    for run in runs.values {
      guard let coverage = (run as? [String: Any])?["coverage"] as? [String: Any] else { continue }
      for file in coverage.values {
        let lines = file as? [Any] ?? (file as? [String: Any])?["lines"] as? [Any] ?? []
        let hits = lines.compactMap { ($0 as? NSNumber)?.doubleValue }
        summary.addLines(hits.count { $0 > 0 }, of: hits.count)
      }
    }
    return summary.linesTotal != nil
  }
}
