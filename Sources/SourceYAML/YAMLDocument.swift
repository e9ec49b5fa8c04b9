public import Diagnostics

/// The first document of a YAML text, as libyaml reads it: YAML 1.1, with anchors, aliases and merge keys put in.
public struct YAMLDocument: Sendable {
  public var file: SourceFile
  /// A null of no length for a text without content.
  public var root: YAMLNode
  /// What is doubtful: keys that are written twice, further documents.
  public var warnings: [Diagnostic]

  /// Reads a text.
  /// - Throws: `YAMLError` for what is no YAML, and for what is too deep or too large with its aliases.
  public static func parse(_ file: SourceFile, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLDocument {
    if file.bytes.starts(with: [0xFF, 0xFE]) || file.bytes.starts(with: [0xFE, 0xFF]) {
      throw YAMLError(
        .error(
          .yamlSyntax, "\(file.name) is encoded as UTF-16", at: SourceAnnotation(file, SourceRange(0, 0)),
          help: ["save it as UTF-8"]))
    }
    var composer = Composer(file, limits)
    return try composer.document()
  }
}

/// How much a text may ask for.
public struct YAMLLimits: Sendable {
  /// Sequences and mappings inside of one another.
  public var depth = 200
  /// Values, with those of each alias counted again.
  public var nodes = 200_000

  public init() {}
}

/// A text that is not usable as YAML.
public struct YAMLError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode { .usage }

  init(_ diagnostic: Diagnostic) { diagnostics = [diagnostic] }
}

extension DiagnosticCode {
  /// The text is no YAML.
  public static let yamlSyntax: DiagnosticCode = "yaml-syntax"
  /// A key is written twice in a mapping.
  public static let yamlDuplicateKey: DiagnosticCode = "yaml-duplicate-key"
  /// The text is YAML, but larger or deeper than anybody writes.
  public static let yamlLimit: DiagnosticCode = "yaml-limit"
  /// An anchor, an alias or a merge key that means nothing.
  public static let yamlAlias: DiagnosticCode = "yaml-alias"
  /// Something stands behind the document that is read.
  public static let yamlDocuments: DiagnosticCode = "yaml-documents"
}
