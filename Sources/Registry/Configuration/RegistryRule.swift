/// What the administrator says of a part of the world's registries: a `[[registry]]` of containers-registries.conf(5).
public struct RegistryRule: Sendable, Hashable {
  /// A place that has the same images.
  public struct Mirror: Sendable, Hashable {
    /// Which images a mirror may be asked for.
    public enum Use: String, Sendable, Hashable, Decodable {
      case all
      case digestOnly = "digest-only"
      case tagOnly = "tag-only"
    }

    /// `HOST[:PORT][/PATH]`, which stands in the place of the rule's prefix.
    public var location: String
    public var isInsecure: Bool
    public var use: Use

    public init(location: String, isInsecure: Bool = false, use: Use = .all) {
      self.location = location
      self.isInsecure = isInsecure
      self.use = use
    }
  }

  /// `HOST[:PORT][/PATH][:TAG|@DIGEST]`, or `*.DOMAIN`.
  public var prefix: String
  /// What stands in the place of the prefix; nil leaves names as they are.
  public var location: String?
  public var isInsecure: Bool
  public var isBlocked: Bool
  public var mirrors: [Mirror]
  /// The file that says so.
  public var origin: String

  public init(
    prefix: String, location: String?, isInsecure: Bool, isBlocked: Bool, mirrors: [Mirror], origin: String
  ) {
    self.prefix = prefix
    self.location = location
    self.isInsecure = isInsecure
    self.isBlocked = isBlocked
    self.mirrors = mirrors
    self.origin = origin
  }

  /// How many characters of a full name the prefix covers; nil when it is about other names. A prefix ends where a
  /// part of the name does.
  func coverage(of name: String) -> Int? {
    if prefix.hasPrefix("*.") {
      let host = name.prefix { $0 != "/" && $0 != ":" && $0 != "@" }
      return host.hasSuffix(prefix.dropFirst()) ? host.count : nil
    }
    guard name.hasPrefix(prefix) else { return nil }
    let rest = name.dropFirst(prefix.count)
    return rest.isEmpty || [":", "/", "@"].contains(rest.first) ? prefix.count : nil
  }
}
