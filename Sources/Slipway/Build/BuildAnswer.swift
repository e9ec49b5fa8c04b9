public import BuildPlanning
public import Diagnostics

/// What `slipway build --call` found out.
public enum BuildAnswer: Sendable {
  case findings(CheckResult)
  case plan(BuildPlan)

  /// 3 for findings; 0 else.
  public var exitCode: ExitCode {
    if case .findings(let result) = self { result.exitCode } else { .success }
  }

  /// - Throws: `SlipwayError` with the code `no-such-format` for a form that only findings have.
  public func rendered(
    as format: CheckResult.Format, _ renderer: DiagnosticRenderer = DiagnosticRenderer()
  ) throws -> String {
    switch (self, format) {
    case (.findings(let result), _): return result.rendered(as: format, renderer)
    case (.plan(let plan), .text): return plan.description
    case (.plan, _):
      throw SlipwayError(
        "no-such-format", "--format \(format.rawValue) is for findings of the checks only", help: ["write text or json"]
      )
    }
  }
}
