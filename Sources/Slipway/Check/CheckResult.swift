public import Diagnostics
import DockerfileSyntax

/// What a check found, in the forms that people and programs read.
public struct CheckResult: Sendable {
  public enum Format: String, Sendable, CaseIterable {
    /// Excerpts with carets.
    case text
    /// BuildKit's document of lint results.
    case json
    /// SARIF 2.1.0, for code scanning.
    case sarif
    /// Workflow commands of GitHub Actions.
    case github
  }

  let file: SourceFile
  /// Everything there is to say, in the order of the text; an error at the end when the file wants findings to be errors.
  public let diagnostics: [Diagnostic]
  /// 2 for a file that is not usable, 3 for findings, 0 for none.
  public let exitCode: ExitCode

  init(report: CheckReport, file: SourceFile) {
    self.file = file
    diagnostics = report.diagnostics + [report.violation].compactMap { $0 }
    let isUnusable = report.remarks.contains { $0.severity == .error }
    exitCode = isUnusable ? .usage : report.findings.isEmpty ? .success : .findings
  }

  /// What is wrong or doubtful in a buildspec.
  init(buildspec diagnostics: [Diagnostic], file: SourceFile) {
    self.file = file
    self.diagnostics = diagnostics
    let isUnusable = diagnostics.contains { $0.severity == .error }
    exitCode = isUnusable ? .usage : diagnostics.isEmpty ? .success : .findings
  }

  public func rendered(as format: Format, _ renderer: DiagnosticRenderer = DiagnosticRenderer()) -> String {
    let rules = CheckRule.all.map { $0.descriptor() }
    switch format {
    case .text: return renderer.render(diagnostics)
    case .json: return CheckResultsRenderer(rules: rules).render(diagnostics, of: file)
    case .sarif:
      return SARIFRenderer(toolName: "slipway", toolVersion: slipwayVersion, rules: rules).render(diagnostics)
    case .github: return GitHubAnnotationRenderer().render(diagnostics)
    }
  }
}
