import Buildspec
import Diagnostics
import HostOS
import SystemPackage

extension PipelineRun {
  /// Reads the reports of tests and coverage, also after a build that failed. What is missing or malformed is told, and
  /// fails nothing, as with CodeBuild.
  func readReports(_ state: RunState, _ result: inout PipelineResult) async throws {
    for group in spec.reports {
      let session = state.session
      let texts = [group.name.value, group.baseDirectory?.value ?? "."] + group.files.map(\.value)
      let values = try await Blocking.run { try session.evaluate(texts) { _ in } } ?? texts
      log.line("Preparing to copy report group \(values[0])")
      let search = ArtifactSearch(
        source: source, baseDirectory: values[1], patterns: Array(values.dropFirst(2)),
        discardsPaths: false)
      let log = log
      do {
        let files = try await Blocking.run { try search.run { log.line($0) } }
        var reader = ReportReader(group, name: values[0])
        for file in files where !((try? Files.read(file.path)).map { reader.read($0) } ?? false) {
          bench.progress.report(
            .warning(
              "report-not-read", "\(file.name) is no report of the format \(group.format.rawValue)",
              at: spec.annotation(group.name.range), help: ["correct file-format, or leave the file out of files"]))
        }
        result.reports.append(reader.summary)
        log.line(reader.summary.text)
      } catch let error as ArtifactsError {
        bench.progress.report(
          .warning(
            "report-missing", "the report \(values[0]) has no files: \(error.message)",
            at: spec.annotation(group.name.range), help: ["check files and base-directory"]))
      }
    }
  }
}
