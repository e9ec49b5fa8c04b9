/// What the files of a report group say together.
public struct ReportSummary: Sendable, Hashable, Codable {
  public var name: String
  public var format: String
  public var files = 0
  public var total = 0
  public var passed = 0
  public var failed = 0
  public var skipped = 0
  /// Lines or instructions that were run, and all of them; of coverage reports.
  public var linesCovered: Int?
  public var linesTotal: Int?
  public var branchesCovered: Int?
  public var branchesTotal: Int?

  init(name: String, format: ReportGroup.Format) {
    self.name = name
    self.format = format.rawValue
  }

  mutating func add(total: Int, failed: Int, skipped: Int) {
    self.total += total
    self.failed += failed
    self.skipped += skipped
    passed += max(0, total - failed - skipped)
  }

  mutating func addLines(_ covered: Int, of total: Int) {
    linesCovered = (linesCovered ?? 0) + covered
    linesTotal = (linesTotal ?? 0) + total
  }

  mutating func addBranches(_ covered: Int, of total: Int) {
    branchesCovered = (branchesCovered ?? 0) + covered
    branchesTotal = (branchesTotal ?? 0) + total
  }

  /// One line for the log.
  public var text: String {
    func percent(_ covered: Int?, _ total: Int?, _ what: String) -> String? {
      guard let covered, let total, total > 0 else { return nil }
      let tenths = (Double(covered) / Double(total) * 1000).rounded() / 10
      return "\(tenths)% of \(total) \(what)"
    }
    let coverage = [percent(linesCovered, linesTotal, "lines"), percent(branchesCovered, branchesTotal, "branches")]
      .compactMap { $0 }
    if linesTotal != nil {
      return "Report \(name): \(coverage.isEmpty ? "no lines" : coverage.joined(separator: ", "))"
    }
    return "Report \(name): \(total) tests, \(passed) passed, \(failed) failed, \(skipped) skipped"
  }
}
