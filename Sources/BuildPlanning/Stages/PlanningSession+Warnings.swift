import Diagnostics
import DockerfileSyntax

/// What was asked for and means nothing.
extension PlanningSession {
  /// Arguments that are there without ARG (Dockerfile reference, "Predefined ARGs").
  static let proxyArguments = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]

  mutating func warnAboutUnusedArguments() {
    let builtIn = Set(Self.proxyArguments)
    let unused = options.arguments.keys.filter { name in
      !consumedArguments.contains(name) && !globals.declared.contains(name) && globals.values[name] == nil
        && !builtIn.contains(name.uppercased()) && !name.hasPrefix("BUILDKIT_") && name != "SOURCE_DATE_EPOCH"
    }
    for name in unused.sorted() {
      warnings.append(
        .warning(
          "unused-build-argument", "no ARG of the stages that are built declares --build-arg \(name)",
          help: Suggestion.nearest(to: name, in: consumedArguments.union(globals.declared).sorted())
            .map { ["did you mean \($0)?"] } ?? ["declare it in the stage that uses it: ARG \(name)"]))
    }
  }

  /// Names that `--no-cache-filter` was given and that no stage has.
  mutating func warnAboutUnknownStages() {
    let names = dockerfile.stages.compactMap(\.name)
    for filter in options.stagesWithoutCache.sorted() {
      if names.contains(filter.lowercased()) || Int(filter).map(dockerfile.stages.indices.contains) == true { continue }
      warnings.append(
        .warning(
          "unknown-stage-without-cache", "--no-cache-filter names \(filter), but there is no such stage",
          help: [
            Suggestion.nearest(to: filter, in: names).map { "did you mean \($0)?" }
              ?? (names.isEmpty ? "no stage has a name" : "the stages are \(names.joined(separator: ", "))")
          ]))
    }
  }
}
