import Buildspec
import Diagnostics

/// The deployments of a file, which plugins carry out.
enum PipelineDeployments {
  /// Whether there is a plugin that can carry it out.
  static func isAvailable(_ deployment: SlipwaySection.Deployment) -> Bool { false }

  /// What cannot be carried out: told as warnings before the first phase, and as errors in the place of the deployment.
  static func problems(_ spec: Buildspec, _ severity: Diagnostic.Severity) -> [Diagnostic] {
    spec.section.deployments.filter { !isAvailable($0) }.map { deployment in
      Diagnostic(
        severity, "plugin-not-available", "the deploy plugin \(deployment.plugin.value) is not available",
        at: spec.annotation(deployment.plugin.range),
        help: ["this version of slipway carries no deployments out; deploy with a command of post_build"])
    }
  }
}
