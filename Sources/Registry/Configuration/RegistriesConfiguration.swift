public import Diagnostics
public import OCI

/// Where images are pulled from: mirrors, other locations, blocked and insecure registries, and aliases, as
/// `registries.conf` of the containers tools has them (containers-registries.conf(5), version 2).
///
/// A short name is one of Docker Hub, as in Docker, unless an alias says otherwise: `unqualified-search-registries` would
/// let another registry's image take its place.
public struct RegistriesConfiguration: Sendable, Hashable {
  public var rules: [RegistryRule] = []
  /// Short name → full name, with the file that says so.
  public var aliases: [String: Alias] = [:]
  /// The files that were read, in their order.
  public var files: [String] = []

  public struct Alias: Sendable, Hashable {
    public var name: String
    public var origin: String
  }

  /// What nobody configured.
  public static let none = RegistriesConfiguration()

  public init() {}

  /// The rule with the longest prefix that is about a name.
  public func rule(for reference: ImageReference) -> RegistryRule? {
    let name = reference.description
    return rules.compactMap { rule in rule.coverage(of: name).map { (rule, $0) } }
      .max { ($0.1, $1.0.prefix) < ($1.1, $0.0.prefix) }?.0
  }

  /// A name with its alias taken.
  /// - Throws: `RegistryError` with the code `registries-conf-invalid`.
  public func expanded(_ reference: ImageReference) throws -> (reference: ImageReference, alias: Alias?) {
    guard reference.registry == "docker.io", let alias = aliases[reference.familiarName] else {
      return (reference, nil)
    }
    guard let full = try? ImageReference(parsing: alias.name), full.tag == nil, full.digest == nil else {
      throw RegistryError.invalidConfiguration(
        alias.origin, "the alias of \(reference.familiarName) must be a full name without a tag, not \"\(alias.name)\"")
    }
    var result = reference
    result.registry = full.registry
    result.repository = full.repository
    return (result, alias)
  }

  /// Where to ask for an image, in this order: mirrors first.
  /// - Throws: `RegistryError` with the code `registry-blocked` or `registries-conf-invalid`.
  public func places(for reference: ImageReference) throws -> [PullPlace] {
    let reference = try expanded(reference).reference
    guard let rule = rule(for: reference) else { return [PullPlace(reference)] }
    guard !rule.isBlocked else { throw RegistryError.blocked(reference, rule) }
    let mirrors = rule.mirrors.filter { mirror in
      switch mirror.use {
      case .all: true
      case .digestOnly: reference.digest != nil
      case .tagOnly: reference.digest == nil
      }
    }
    return try mirrors.map { try place(reference, rule, at: $0.location, isInsecure: $0.isInsecure, isMirror: true) }
      + [place(reference, rule, at: rule.location, isInsecure: rule.isInsecure, isMirror: false)]
  }

  /// Where an image is written: at the registry's location, for mirrors are for reading.
  /// - Throws: `RegistryError` with the code `registry-blocked` or `registries-conf-invalid`.
  public func destination(for reference: ImageReference) throws -> PullPlace {
    guard let rule = rule(for: reference) else { return PullPlace(reference) }
    guard !rule.isBlocked else { throw RegistryError.blocked(reference, rule) }
    return try place(reference, rule, at: rule.location, isInsecure: rule.isInsecure, isMirror: false)
  }

  private func place(
    _ reference: ImageReference, _ rule: RegistryRule, at location: String?, isInsecure: Bool, isMirror: Bool
  ) throws -> PullPlace {
    let name = "\(reference.registry)/\(reference.repository)"
    // A prefix with a tag or a digest covers the whole name.
    let covered = min(rule.coverage(of: reference.description) ?? 0, name.count)
    let text = location.map { $0 + name.dropFirst(covered) } ?? name
    let parts = text.split(separator: "/", maxSplits: 1)
    guard parts.count == 2, !parts[1].isEmpty else {
      throw RegistryError.invalidConfiguration(
        rule.origin, "the location \"\(location ?? "")\" of \(rule.prefix) does not lead to a repository")
    }
    return PullPlace(
      registry: String(parts[0]), repository: String(parts[1]), isInsecure: isInsecure, isMirror: isMirror)
  }
}

/// A repository that may have an image.
public struct PullPlace: Sendable, Hashable {
  public var registry: String
  public var repository: String
  public var isInsecure: Bool
  public var isMirror: Bool

  public init(registry: String, repository: String, isInsecure: Bool, isMirror: Bool) {
    self.registry = registry
    self.repository = repository
    self.isInsecure = isInsecure
    self.isMirror = isMirror
  }

  init(_ reference: ImageReference) {
    self.init(registry: reference.registry, repository: reference.repository, isInsecure: false, isMirror: false)
  }
}

extension DiagnosticCode {
  public static let registryBlocked: DiagnosticCode = "registry-blocked"
  public static let registriesConfInvalid: DiagnosticCode = "registries-conf-invalid"
}

extension RegistryError {
  static func blocked(_ reference: ImageReference, _ rule: RegistryRule) -> RegistryError {
    RegistryError(
      .registryBlocked, "\(reference.familiarDescription) must not be used: \(rule.prefix) is blocked",
      notes: ["\(rule.origin) says so"], help: ["use an image of another registry, or change \(rule.origin)"],
      exitCode: .usage)
  }

  static func invalidConfiguration(_ file: String, _ message: String, notes: [String] = []) -> RegistryError {
    RegistryError(
      .registriesConfInvalid, "\(file): \(message)", notes: notes,
      help: ["containers-registries.conf(5) describes the file"], exitCode: .usage)
  }
}
