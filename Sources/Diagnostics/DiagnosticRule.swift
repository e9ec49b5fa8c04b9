/// What there is to know of all diagnostics of one code: the entry of a table that reports carry along.
public struct DiagnosticRule: Sendable, Hashable {
  public var code: DiagnosticCode
  /// One sentence, without a full stop at the end.
  public var summary: String
  /// Where more is written: a URL, or a path in the documentation.
  public var link: String
  public var isEnabledByDefault: Bool

  public init(code: DiagnosticCode, summary: String, link: String, isEnabledByDefault: Bool = true) {
    self.code = code
    self.summary = summary
    self.link = link
    self.isEnabledByDefault = isEnabledByDefault
  }
}
