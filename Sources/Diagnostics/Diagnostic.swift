/// The stable name of a kind of message, in kebab case, such as `unknown-instruction`. Programs match on it,
/// people search for it. Each module declares its own as static members.
public struct DiagnosticCode: RawRepresentable, Sendable, Hashable, Codable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { self.rawValue = value }
  public var description: String { rawValue }
}

/// A place in a text that a message points to, with words that stand beside the carets.
public struct SourceAnnotation: Sendable, Hashable {
  public var file: SourceFile
  public var range: SourceRange
  /// What is said beside the carets; may be empty.
  public var label: String

  public init(_ file: SourceFile, _ range: SourceRange, label: String = "") {
    self.file = file
    self.range = range
    self.label = label
  }
}

/// Something that we tell people about their input or their machine: what is wrong, where, and what to do.
public struct Diagnostic: Sendable, Hashable {
  public enum Severity: String, Sendable, Hashable, Codable {
    case error, warning, note
  }

  /// A second thought on a diagnostic: another place, a cause, an observation.
  public struct Note: Sendable, Hashable {
    public var message: String
    public var annotation: SourceAnnotation?

    public init(_ message: String, at annotation: SourceAnnotation? = nil) {
      self.message = message
      self.annotation = annotation
    }
  }

  public var severity: Severity
  public var code: DiagnosticCode
  /// One sentence in lower case, without a full stop at the end.
  public var message: String
  public var annotation: SourceAnnotation?
  public var notes: [Note]
  /// Steps to take, the most likely first.
  public var help: [String]

  public init(
    _ severity: Severity, _ code: DiagnosticCode, _ message: String, at annotation: SourceAnnotation? = nil,
    notes: [Note] = [], help: [String] = []
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.annotation = annotation
    self.notes = notes
    self.help = help
  }

  public static func error(
    _ code: DiagnosticCode, _ message: String, at annotation: SourceAnnotation? = nil, notes: [Note] = [],
    help: [String] = []
  ) -> Diagnostic {
    Diagnostic(.error, code, message, at: annotation, notes: notes, help: help)
  }

  public static func warning(
    _ code: DiagnosticCode, _ message: String, at annotation: SourceAnnotation? = nil, notes: [Note] = [],
    help: [String] = []
  ) -> Diagnostic {
    Diagnostic(.warning, code, message, at: annotation, notes: notes, help: help)
  }

  /// The same message at another place, unless it already has one.
  public func located(at annotation: SourceAnnotation?) -> Diagnostic {
    guard self.annotation == nil, let annotation else { return self }
    var copy = self
    copy.annotation = annotation
    return copy
  }
}
