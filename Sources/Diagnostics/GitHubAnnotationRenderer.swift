/// Renders diagnostics as workflow commands, which GitHub Actions shows beside the lines of a change:
///
///     ::warning file=Dockerfile,line=1,endLine=1,col=16,endColumn=20,title=StageNameCasing::stage name …
///
/// The form is that of "Workflow commands for GitHub Actions"; runners of Gitea and Forgejo read it too.
public struct GitHubAnnotationRenderer: Sendable {
  public init() {}

  /// One line for each diagnostic, each ending in a line feed.
  public func render(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map(render).joined()
  }

  public func render(_ diagnostic: Diagnostic) -> String {
    let properties = (location(of: diagnostic) + [("title", diagnostic.code.rawValue)])
      .map { "\($0.name)=\(Self.escapedProperty($0.value))" }
    let message = ([diagnostic.message] + diagnostic.help.map { "help: \($0)" }).joined(separator: "\n")
    return "::\(command(of: diagnostic.severity)) \(properties.joined(separator: ","))::\(Self.escaped(message))\n"
  }

  /// Columns are for ranges within one line only.
  private func location(of diagnostic: Diagnostic) -> [(name: String, value: String)] {
    guard let annotation = diagnostic.annotation else { return [] }
    let (start, end) = (annotation.start, annotation.end)
    var properties = [
      (name: "file", value: annotation.file.name), (name: "line", value: String(start.line)),
      (name: "endLine", value: String(end.line)),
    ]
    if start.line == end.line {
      properties.append((name: "col", value: String(start.column)))
      properties.append((name: "endColumn", value: String(end.column)))
    }
    return properties
  }

  private func command(of severity: Diagnostic.Severity) -> String {
    switch severity {
    case .error: "error"
    case .warning: "warning"
    case .note: "notice"
    }
  }

  private static func escaped(_ text: String) -> String {
    escape(text, ["%": "%25", "\r": "%0D", "\n": "%0A"])
  }

  private static func escapedProperty(_ text: String) -> String {
    escape(text, ["%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"])
  }

  private static func escape(_ text: String, _ replacements: [Unicode.Scalar: String]) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      if let replacement = replacements[scalar] {
        out += replacement
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
