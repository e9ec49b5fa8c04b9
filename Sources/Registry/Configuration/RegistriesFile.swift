import TOMLKit

/// One file of containers-registries.conf(5), of version 2 or of the older version 1.
struct RegistriesFile: Sendable {
  var rules: [RegistryRule] = []
  var aliases: [String: String] = [:]

  /// - Throws: `RegistryError` with the code `registries-conf-invalid`.
  init(_ text: String, called name: String) throws {
    let document: Document
    do { document = try TOMLDecoder().decode(Document.self, from: text) } catch let error as TOMLParseError {
      let place = error.source.begin
      throw RegistryError.invalidConfiguration(
        name, "line \(place.line), column \(place.column): \(error.description)")
    } catch let error as DecodingError {
      throw RegistryError.invalidConfiguration(name, Self.explained(error))
    }
    aliases = document.aliases ?? [:]
    if let old = document.registries {
      guard document.registry == nil, document.search == nil else {
        throw RegistryError.invalidConfiguration(name, "[registries] of version 1 cannot be mixed with version 2")
      }
      rules = Self.rules(old, name)
    } else {
      rules = try (document.registry ?? []).map { try Self.rule($0, name) }
    }
  }

  private static func rule(_ table: Document.Registry, _ file: String) throws -> RegistryRule {
    let location = try table.location.map { try trimmed($0, file) }
    guard let prefix = table.prefix ?? location, !prefix.isEmpty else {
      throw RegistryError.invalidConfiguration(file, "a [[registry]] has neither a prefix nor a location")
    }
    guard location != nil || prefix.hasPrefix("*.") else {
      throw RegistryError.invalidConfiguration(
        file, "the [[registry]] with prefix \"\(prefix)\" needs a location",
        notes: ["only a prefix *.DOMAIN needs none"])
    }
    let mirrors = try (table.mirror ?? []).map { mirror in
      if table.mirrorByDigestOnly == true, mirror.use != nil {
        throw RegistryError.invalidConfiguration(
          file, "\"\(prefix)\" has mirror-by-digest-only and a mirror with pull-from-mirror; one must go")
      }
      return RegistryRule.Mirror(
        location: try trimmed(mirror.location, file), isInsecure: mirror.insecure ?? false,
        use: mirror.use ?? (table.mirrorByDigestOnly == true ? .digestOnly : .all))
    }
    return RegistryRule(
      prefix: try trimmed(prefix, file), location: location, isInsecure: table.insecure ?? false,
      isBlocked: table.blocked ?? false, mirrors: mirrors, origin: file)
  }

  /// A location without the slash at its end.
  private static func trimmed(_ location: String, _ file: String) throws -> String {
    for scheme in ["http://", "https://"] where location.hasPrefix(scheme) {
      throw RegistryError.invalidConfiguration(
        file, "\"\(location)\" must not begin with \(scheme)",
        notes: ["plain HTTP is permitted with insecure = true"])
    }
    var text = location[...]
    while text.hasSuffix("/") { text.removeLast() }
    return String(text)
  }

  private static func rules(_ old: Document.Version1, _ file: String) -> [RegistryRule] {
    var rules: [String: RegistryRule] = [:]
    func change(_ names: [String]?, _ body: (inout RegistryRule) -> Void) {
      for name in names ?? [] {
        var rule =
          rules[name]
          ?? RegistryRule(prefix: name, location: name, isInsecure: false, isBlocked: false, mirrors: [], origin: file)
        body(&rule)
        rules[name] = rule
      }
    }
    change(old.insecure?.registries) { $0.isInsecure = true }
    change(old.block?.registries) { $0.isBlocked = true }
    return rules.values.sorted { $0.prefix < $1.prefix }
  }

  private static func explained(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }.joined(separator: ".")
    }
    switch error {
    // The decoder says the same of both.
    case .keyNotFound(_, let context): return "\(place(context.codingPath)) is missing, or of another type"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "\(place(context.codingPath)) must be a \(type)"
    case .dataCorrupted(let context): return "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }

  // MARK: The document

  private struct Document: Decodable {
    struct Registry: Decodable {
      struct Mirror: Decodable {
        var location: String
        var insecure: Bool?
        var use: RegistryRule.Mirror.Use?

        enum CodingKeys: String, CodingKey {
          case location, insecure
          case use = "pull-from-mirror"
        }
      }

      var prefix: String?
      var location: String?
      var insecure: Bool?
      var blocked: Bool?
      var mirrorByDigestOnly: Bool?
      var mirror: [Mirror]?

      enum CodingKeys: String, CodingKey {
        case prefix, location, insecure, blocked, mirror
        case mirrorByDigestOnly = "mirror-by-digest-only"
      }
    }

    struct Version1: Decodable {
      struct List: Decodable { var registries: [String]? }
      var search: List?
      var insecure: List?
      var block: List?
    }

    var registry: [Registry]?
    var aliases: [String: String]?
    var search: [String]?
    var registries: Version1?

    enum CodingKeys: String, CodingKey {
      case registry, aliases, registries
      case search = "unqualified-search-registries"
    }
  }
}
