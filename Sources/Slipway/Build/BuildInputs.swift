import Diagnostics
import DockerfileSyntax

/// What a build begins with.
struct BuildInputs: Sendable {
  var dockerfile: Dockerfile
  var ignore: DockerIgnore
  /// Warnings.
  var diagnostics: [Diagnostic]

  /// - Throws: `DockerfileSyntaxError`.
  init(_ texts: BuildTexts) throws {
    let parsed = Dockerfile.parse(texts.dockerfile)
    dockerfile = try parsed.get()
    diagnostics = parsed.diagnostics
    ignore = try texts.ignore.map { try DockerIgnore.parse($0).get() } ?? DockerIgnore()
  }
}
