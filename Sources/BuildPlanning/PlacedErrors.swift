import Diagnostics

/// Mistakes of a Dockerfile, told in the order of its text.
struct PlacedErrors {
  private let file: SourceFile
  private var groups: [(offset: Int, diagnostics: [Diagnostic])] = []

  init(_ file: SourceFile) { self.file = file }

  var isEmpty: Bool { groups.isEmpty }

  /// Adds what goes together: a mistake in an ONBUILD of a base image counts as one near `place`.
  mutating func add(_ diagnostics: [Diagnostic], near place: SourceAnnotation) {
    let own = diagnostics.first { $0.annotation?.file == file }?.annotation
    groups.append(((own ?? place).range.lowerBound, diagnostics))
  }

  /// Nil when the body throws diagnostics, which are added.
  mutating func collect<Result>(near place: SourceAnnotation, _ body: () throws -> Result) throws -> Result? {
    do { return try body() } catch let error as any DiagnosticError {
      add(error.diagnostics, near: place)
      return nil
    }
  }

  /// Adds those that are not there yet: what is wrong for one platform is mostly wrong for all.
  mutating func merge(_ other: PlacedErrors) {
    for group in other.groups where !groups.contains(where: { $0.diagnostics == group.diagnostics }) {
      groups.append(group)
    }
  }

  /// - Throws: `PlanningError` unless it is empty.
  func throwIfAny() throws {
    guard !isEmpty else { return }
    let sorted = groups.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
    throw PlanningError(sorted.flatMap(\.element.diagnostics))
  }
}
