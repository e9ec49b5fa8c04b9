import BuildPlanning
import Diagnostics
import DockerfileSyntax

/// What `slipway build --call` answers instead of building.
extension Build {
  /// - Throws: what planning throws; `SlipwayError` for a form that the answer does not have.
  func answer(_ texts: BuildTexts, _ settings: BuildSettings) async throws -> BuildAnswer {
    switch request.call {
    case .check: return .findings(try await checked(texts, settings))
    case .targets: return .targets(TargetList(try Dockerfile.parse(texts.dockerfile).get()))
    case .outline:
      let planner = try planner(of: texts, settings)
      return .outline(try planner.outline(try await lookUpImages(of: planner, settings).known))
    case .build, .plan:
      let planner = try planner(of: texts, settings)
      return .plan(try planner.plan(try await lookUpImages(of: planner, settings).known))
    }
  }

  private func planner(of texts: BuildTexts, _ settings: BuildSettings) throws -> BuildPlanner {
    BuildPlanner(try Dockerfile.parse(texts.dockerfile).get(), settings.options)
  }

  /// Mistakes that stand in the way of a plan are findings, too.
  private func checked(_ texts: BuildTexts, _ settings: BuildSettings) async throws -> CheckResult {
    let parsed = Dockerfile.parse(texts.dockerfile)
    guard let dockerfile = parsed.value else {
      return CheckResult(
        report: parsed.check(try CheckContext(settings, ignoreFile: texts.ignore)), file: texts.dockerfile)
    }
    let planner = BuildPlanner(dockerfile, settings.options)
    let images = try await lookUpImages(of: planner, settings)
    return CheckResult(report: try check(texts, settings, planner, images.known), file: texts.dockerfile)
  }
}
