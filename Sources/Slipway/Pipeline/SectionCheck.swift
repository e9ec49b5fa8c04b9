import Buildspec
import Diagnostics
import HostOS
import OCI

extension Buildspec {
  /// Reads a buildspec and looks at all that can be known to be wrong before a command runs.
  /// - Throws: `BuildspecError` with all mistakes.
  static func checked(_ file: SourceFile) throws -> Buildspec {
    let spec = try parse(file)
    let problems = spec.section.images.flatMap { SectionCheck(spec: spec, image: $0).problems }
    guard problems.isEmpty else { throw BuildspecError(problems) }
    return spec
  }
}

/// What is wrong with the texts of an image of the section. Those with variables are looked at when these have values,
/// and files may still be made by commands.
private struct SectionCheck {
  let spec: Buildspec
  let image: SlipwaySection.Image

  var problems: [Diagnostic] {
    problems(image.tags) { _ = try BuildSettings.name($0) }
      + problems(image.platforms) { _ = try BuildSettings.platforms([$0]) }
      + problems(image.cacheFrom) { _ = try CacheImportOption(parsing: $0) }
      + problems(image.cacheTo) { _ = try CacheExportOption(parsing: $0) }
      + problems([image.ecrCreate].compactMap { $0 }) { _ = try RepositoryCreation(parsing: $0) }
      + problems(image.secrets) { text in
        do { _ = try SecretOption(text, Environment([:])) } catch let error as SlipwayError {
          // The source may be there when the image is built.
          if error.diagnostics.first?.code != SecretOption.notFound { throw error }
        }
      }
  }

  private func problems(_ texts: [WrittenText], _ check: (String) throws -> Void) -> [Diagnostic] {
    texts.filter { !$0.value.contains("$") && !$0.value.contains("`") }.flatMap { text -> [Diagnostic] in
      do { try check(text.value) } catch let error as any DiagnosticError {
        return error.diagnostics.map { placed($0, at: text) }
      } catch { return [] }
      return []
    }
  }

  private func placed(_ problem: Diagnostic, at text: WrittenText) -> Diagnostic {
    .error(problem.code, problem.message, at: spec.annotation(text.range), help: problem.help)
  }
}
