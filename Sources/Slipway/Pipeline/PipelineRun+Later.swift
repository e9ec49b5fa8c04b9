import Buildspec
import Diagnostics

extension PipelineRun {
  func restoreCache(_ state: RunState) async throws {}
  func saveCache(_ state: RunState, _ result: inout PipelineResult) async throws {}
  func readReports(_ state: RunState, _ result: inout PipelineResult) async throws {}
  func uploadArtifacts(_ state: RunState, _ runner: PhaseRunner, _ result: inout PipelineResult) async throws {}
  func secrets(_ known: [String: String]) async throws -> [String: String] { [:] }
  func buildImages(_ state: RunState, _ outcome: inout PhaseOutcome, _ result: inout PipelineResult) async throws {}
}
