public import BuildPlanning
public import Diagnostics
import OCI

/// What `slipway build --call` found out.
public enum BuildAnswer: Sendable {
  case findings(CheckResult)
  case plan(BuildPlan)
  case outline(Outline)
  case targets(TargetList)

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
    case (.plan(let plan), .json): return try Self.document(plan)
    case (.outline(let outline), .text): return outline.description
    case (.outline(let outline), .json): return try Self.document(outline)
    case (.targets(let targets), .text): return targets.description
    case (.targets(let targets), .json): return try Self.document(targets)
    case (.plan, _), (.outline, _), (.targets, _):
      throw SlipwayError(
        "no-such-format", "--format \(format.rawValue) is for findings of the checks only", help: ["write text or json"]
      )
    }
  }

  private static func document(_ value: some Encodable) throws -> String {
    String(decoding: try JSONDocument.encode(value, pretty: true), as: UTF8.self) + "\n"
  }
}
