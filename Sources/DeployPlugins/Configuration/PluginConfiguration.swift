public import Diagnostics
public import JSON

/// What a plugin is to be told (`with:`), and where each value of it is written.
public struct PluginConfiguration: Sendable {
  /// Where a value comes from.
  enum Place: Sendable {
    /// A file; the key's range is nil for values of lists and for the whole.
    case file(SourceFile, value: SourceRange, key: SourceRange?)
    /// A flag of the command line, as it was written.
    case flag(String)
  }

  public internal(set) var value: JSONValue
  var places: [JSONPointer: Place] = [:]
  /// Scalars that are not in quotes, as they are written.
  var texts: [JSONPointer: String] = [:]
  /// What is meant to have variables that have no value by now.
  var unresolved: Set<JSONPointer> = []

  /// Nothing is said.
  /// - Parameter annotation: the place of whatever asks for the plugin.
  public init(at annotation: SourceAnnotation? = nil) {
    value = [:]
    if let annotation { places[.root] = .file(annotation.file, value: annotation.range, key: nil) }
  }

  /// What is wrong with it, by a plugin's schema; with places. Values whose variables are not known yet pass.
  public func problems(_ schema: JSONSchema) -> [Diagnostic] {
    schema.issues(in: value).filter { $0.isAboutKey || !unresolved.contains($0.pointer) }.map { issue in
      diagnostic(
        .error, "invalid-configuration", issue.message, help: issue.help, at: issue.pointer,
        isAboutKey: issue.isAboutKey)
    }
  }

  /// Scalars that are not in quotes become texts where the schema wants texts.
  public mutating func fit(_ schema: JSONSchema) { value = schema.withTexts(value, texts) }

  /// A message on a value, at the place where the value, or what it is in, is written; without a place for no value.
  public func diagnostic(
    _ severity: Diagnostic.Severity, _ code: DiagnosticCode, _ message: String, notes: [String] = [],
    help: [String] = [], at pointer: JSONPointer?, isAboutKey: Bool = false
  ) -> Diagnostic {
    var result = Diagnostic(severity, code, message, notes: notes.map { .init($0) }, help: help)
    guard let pointer else { return result }
    let place = place(pointer)
    switch place.0 {
    case .file(let file, let value, let key):
      result.annotation = SourceAnnotation(file, (isAboutKey && place.isExact ? key : nil) ?? value)
    case .flag(let flag): result.notes.append(.init("it is said by \(flag)"))
    case nil: break
    }
    return result
  }

  /// Of the value itself, else of the nearest one that it is in.
  private func place(_ pointer: JSONPointer) -> (Place?, isExact: Bool) {
    var pointer = pointer
    var isExact = true
    while true {
      if let place = places[pointer] { return (place, isExact) }
      if pointer.tokens.isEmpty { return (nil, false) }
      pointer.tokens.removeLast()
      isExact = false
    }
  }

  /// Forgets what is at a place and below it.
  mutating func forget(_ pointer: JSONPointer) {
    func isBelow(_ other: JSONPointer) -> Bool { other.tokens.starts(with: pointer.tokens) }
    places = places.filter { !isBelow($0.key) }
    texts = texts.filter { !isBelow($0.key) }
    unresolved = unresolved.filter { !isBelow($0) }
  }
}
