import DeployPlugins
import Diagnostics
import HostOS
import JSON

extension Deployer {
  /// Where records of deployments are; nil for a rehearsal, which deploys nothing.
  var records: DeploymentRecords? {
    surroundings.isRehearsal ? nil : DeploymentRecords(bench)
  }

  /// Runs an operation that changes something, and writes down how it ended.
  /// - Throws: what `body` throws.
  func recorded(
    _ operation: PluginOperation, _ deployment: PreparedDeployment, _ plan: DeploymentPlan?,
    _ body: () async throws -> DeploymentReport
  ) async throws -> DeploymentReport {
    let subject = DeploymentSubject(deployment: deployment, environment: bench.environment)
    do {
      let report = try await body()
      keep(DeploymentRecord(subject, operation, plan, report), subject)
      return report
    } catch {
      keep(DeploymentRecord(subject, operation, plan, error: error), subject)
      throw error
    }
  }

  /// What is deployed is deployed, whether it can be written down or not.
  private func keep(_ record: DeploymentRecord, _ subject: DeploymentSubject) {
    guard let records, !subject.deployment.request.isDryRun else { return }
    do { try records.add(record, of: subject.key) } catch {
      let cause = (error as? any DiagnosticError)?.diagnostics.first?.message
      bench.progress.report(
        .warning(
          "deployment-not-recorded", "the record of the deployment could not be written",
          notes: [.init(cause ?? "\(error)")], help: ["set SLIPWAY_ROOT to a folder that can be written to"]))
    }
  }

  /// The record that a rollback may go back to.
  func previous(of deployment: PreparedDeployment) -> JSONValue? {
    let subject = DeploymentSubject(deployment: deployment, environment: bench.environment)
    return (try? records?.previous(of: subject.key))?.json
  }
}
