import Buildspec
import Diagnostics

extension PipelineRun {
  func restoreCache(_ state: RunState) async throws {}
  func saveCache(_ state: RunState, _ result: inout PipelineResult) async throws {}
  func readReports(_ state: RunState, _ result: inout PipelineResult) async throws {}
}
