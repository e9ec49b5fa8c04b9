import AWS
public import Diagnostics
import OCI

/// What Amazon ECR found in an image.
public struct ScanReport: Sendable {
  struct Finding: Sendable, Encodable {
    var severity: ScanSeverity
    var name: String
    var package: String?
    var uri: String?
  }

  /// With the digest.
  let image: String
  let status: String
  let counts: [ScanSeverity: Int]
  /// The worst first.
  let findings: [Finding]
  let failOn: ScanSeverity?

  /// How many findings are at or above the severity that must not be.
  var failures: Int {
    guard let failOn else { return 0 }
    return counts.reduce(0) { $0 + ($1.key >= failOn ? $1.value : 0) }
  }

  public var exitCode: ExitCode { failures > 0 ? .findings : .success }

  private struct Document: Encodable {
    var image: String
    var status: String
    var counts: [String: Int]
    var findings: [Finding]
  }

  public func rendered(as format: StoreReportFormat) throws -> String {
    switch format {
    case .json:
      let named = Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
      let document = Document(image: image, status: status, counts: named, findings: findings)
      return String(decoding: try JSONDocument.encode(document, pretty: true), as: UTF8.self) + "\n"
    case .text:
      let rows = findings.map { [$0.severity.name, $0.name, $0.package ?? "-", $0.uri ?? "-"] }
      let counted = counts.sorted { $0.key > $1.key }.map { "\($0.value) \($0.key.name)" }
      let summary = counted.isEmpty ? "nothing was found" : counted.joined(separator: ", ")
      return (rows.isEmpty ? "" : StoreTable(rows).text) + "\(image): \(status.lowercased()), \(summary)\n"
    }
  }
}

extension ScanReport {
  /// - Parameter pages: all of a scan.
  init(image: String, status: String, pages: [DescribeImageScanFindings.Findings], failOn: ScanSeverity?) {
    self.image = image
    self.status = status
    self.failOn = failOn
    let basic = pages.flatMap { $0.findings ?? [] }.map(Finding.init)
    let enhanced = pages.flatMap { $0.enhancedFindings ?? [] }.map(Finding.init)
    findings = (basic + enhanced).sorted {
      ($1.severity, $0.name, $0.package ?? "") < ($0.severity, $1.name, $1.package ?? "")
    }
    var listed: [ScanSeverity: Int] = [:]
    for finding in findings { listed[finding.severity, default: 0] += 1 }
    var counted: [ScanSeverity: Int] = [:]
    for (severity, count) in pages.first?.findingSeverityCounts ?? [:] {
      counted[ScanSeverity(reported: severity), default: 0] += count
    }
    // Whichever says more: a gate does not let pass what only one of both tells.
    counts = listed.merging(counted) { max($0, $1) }.filter { $0.value > 0 }
  }
}

extension ScanReport.Finding {
  fileprivate init(_ finding: DescribeImageScanFindings.BasicFinding) {
    func attribute(_ key: String) -> String? { finding.attributes?.first { $0.key == key }?.value }
    severity = ScanSeverity(reported: finding.severity)
    name = finding.name ?? "without a name"
    package = attribute("package_name").map { name in
      attribute("package_version").map { "\(name) \($0)" } ?? name
    }
    uri = finding.uri
  }

  fileprivate init(_ finding: DescribeImageScanFindings.EnhancedFinding) {
    let details = finding.packageVulnerabilityDetails
    severity = ScanSeverity(reported: finding.severity)
    name = details?.vulnerabilityId ?? finding.title ?? "without a name"
    let packages = (details?.vulnerablePackages ?? []).map { package in
      [package.name, package.version].compactMap { $0 }.joined(separator: " ")
    }
    package = packages.isEmpty ? nil : packages.joined(separator: ", ")
    uri = details?.sourceUrl
  }
}
