import NIOHTTP1
import Synchronization

/// Passes on each warning of a registry once (distribution-spec, "Warnings": `Warning: 299 - "text"`).
final class WarningReporter: Sendable {
  private let report: @Sendable (RegistryWarning) -> Void
  private let seen = Mutex<Set<RegistryWarning>>([])

  init(report: @escaping @Sendable (RegistryWarning) -> Void) { self.report = report }

  func note(_ headers: HTTPHeaders, of registry: String) {
    for field in headers["Warning"] {
      guard let text = Self.text(field) else { continue }
      let warning = RegistryWarning(registry: registry, text: text)
      if seen.withLock({ $0.insert(warning).inserted }) { report(warning) }
    }
  }

  /// Nil for other codes and forms, which the specification tells us to ignore. Control characters are left out, for
  /// the text goes to a terminal.
  static func text(_ field: String) -> String? {
    let start = "299 - \""
    guard field.hasPrefix(start), field.hasSuffix("\""), field.utf8.count > start.utf8.count else { return nil }
    var text = ""
    var isEscaped = false
    for character in field.dropFirst(start.count).dropLast() {
      if character == "\\", !isEscaped {
        isEscaped = true
        continue
      }
      isEscaped = false
      if character.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) { text.append(character) }
    }
    return text
  }
}
