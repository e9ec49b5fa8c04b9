import Builder
import Diagnostics
import OCI

extension ImageAnnotations {
  /// `[LEVEL[PLATFORM][,LEVEL…]:]KEY=value` each, as docker buildx build takes them: `manifest` is meant where no level is
  /// given.
  /// - Parameter platforms: those that are built.
  /// - Throws: `SlipwayError` with the codes `invalid-annotation` and `annotation-without-index`; `OCIError`.
  init(parsing texts: [String], platforms: [Platform]) throws {
    self.init()
    for text in texts { try add(text) }
    for level in [Level.index, .indexDescriptor] where levels.contains(level) && platforms.count == 1 {
      throw SlipwayError(
        "annotation-without-index", "--annotation \(level.rawValue):… needs an index, and one image has none",
        help: ["build for several platforms, or write manifest: instead"])
    }
    if let platform = self.platforms.first(where: { !platforms.contains($0) }) {
      throw SlipwayError(
        "invalid-annotation", "--annotation names \(platform), which is not built",
        help: ["the build is for \(platforms.map(\.description).joined(separator: ", "))"])
    }
  }

  private mutating func add(_ text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw Self.invalid(text, "it is not KEY=value")
    }
    let value = String(text[text.index(after: equals)...])
    var key = text[..<equals]
    var places = [(Level.manifest, Platform?.none)]
    // A colon may be part of the key, too: what stands before it has to be a level.
    if let colon = key.firstIndex(of: ":"), Level.beginning(of: key[..<colon]) != nil {
      places = try key[..<colon].split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let place = try Self.place(part) else { throw Self.invalid(text, "\"\(part)\" is no level") }
        return place
      }
      key = key[key.index(after: colon)...]
    }
    guard !key.isEmpty else { throw Self.invalid(text, "its key is empty") }
    for (level, platform) in places { set(String(key), value, level, platform) }
  }

  /// `LEVEL` or `LEVEL[PLATFORM]`.
  private static func place(_ text: Substring) throws -> (Level, Platform?)? {
    guard let bracket = text.firstIndex(of: "["), text.last == "]" else {
      return Level(rawValue: String(text)).map { ($0, nil) }
    }
    guard let level = Level(rawValue: String(text[..<bracket])) else { return nil }
    return (level, try Platform(parsing: String(text[text.index(after: bracket)...].dropLast())))
  }

  private static func invalid(_ text: String, _ reason: String) -> SlipwayError {
    let levels = Level.allCases.map(\.rawValue).joined(separator: ", ")
    return SlipwayError(
      "invalid-annotation", "--annotation \(text) is not usable: \(reason)",
      help: ["write KEY=value or LEVEL:KEY=value; the levels are \(levels)"])
  }
}

extension ImageAnnotations.Level {
  /// The level that a text such as `index`, `index,manifest` or `manifest[linux/amd64]` begins with.
  fileprivate static func beginning(of text: Substring) -> Self? {
    Self(rawValue: String(text.prefix { $0 != "," && $0 != "[" }))
  }
}
