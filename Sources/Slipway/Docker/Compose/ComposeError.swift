import Diagnostics
import SourceYAML

/// A compose file that is not usable, with the place.
struct ComposeError: DiagnosticError {
  var diagnostics: [Diagnostic]

  init(_ message: String, at node: YAMLNode? = nil, in file: SourceFile? = nil, help: [String]) {
    var annotation: SourceAnnotation?
    if let node, let file { annotation = SourceAnnotation(file, node.range) }
    diagnostics = [.error("compose-file", message, at: annotation, help: help)]
  }
}
