import OCI

/// What a request is about (distribution-spec, "Endpoints").
enum Route: Sendable, Hashable {
  case base
  /// The list of repositories: not in the specification, but asked for by people's tools.
  case catalog
  case tags(repository: String)
  case manifest(repository: String, reference: String)
  case blob(repository: String, digest: String)
  case uploads(repository: String)
  case upload(repository: String, session: String)
  case referrers(repository: String, digest: String)

  /// Nil for a path that is none of the registry's.
  /// - Parameter path: without its query, decoded.
  /// - Throws: `Refusal` for a name that no repository can have.
  init?(_ path: String) throws {
    guard path.hasPrefix("/v2") else { return nil }
    let parts = path.dropFirst(3).split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
    if parts.isEmpty || parts == [""] {
      self = .base
      return
    }
    if parts == ["_catalog"] {
      self = .catalog
      return
    }
    guard let found = Self.endpoint(parts) else { return nil }
    guard Self.isRepository(parts.dropLast(found.length).joined(separator: "/")) else { throw Refusal.nameInvalid }
    self = found.route
  }

  private static func endpoint(_ parts: [String]) -> (route: Route, length: Int)? {
    func name(_ length: Int) -> String { parts.dropLast(length).joined(separator: "/") }
    func ends(_ words: String?...) -> Bool {
      parts.count > words.count && zip(parts.suffix(words.count), words).allSatisfy { $1 == nil || $0 == $1 }
    }
    let last = parts.last ?? ""
    if ends("blobs", "uploads", "") { return (.uploads(repository: name(3)), 3) }
    if ends("blobs", "uploads") { return (.uploads(repository: name(2)), 2) }
    if ends("blobs", "uploads", nil) { return (.upload(repository: name(3), session: last), 3) }
    if ends("tags", "list") { return (.tags(repository: name(2)), 2) }
    if ends("manifests", nil) { return (.manifest(repository: name(2), reference: last), 2) }
    if ends("blobs", nil) { return (.blob(repository: name(2), digest: last), 2) }
    if ends("referrers", nil) { return (.referrers(repository: name(2), digest: last), 2) }
    return nil
  }

  static func isRepository(_ name: String) -> Bool {
    guard let reference = try? ImageReference(parsing: "localhost/\(name)") else { return false }
    return reference.repository == name && reference.tag == nil && reference.digest == nil
  }

  static func isTag(_ tag: String) -> Bool {
    (try? ImageReference(parsing: "localhost/x:\(tag)"))?.tag == tag
  }
}
