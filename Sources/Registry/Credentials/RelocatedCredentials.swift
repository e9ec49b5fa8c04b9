/// Credentials for places that stand for others (`location` in registries.conf): those of the place, else those of the
/// names that lead there, by which people log in. Mirrors are other registries, and get none of these.
struct RelocatedCredentials: CredentialProvider {
  private let credentials: any CredentialProvider
  /// Prefix of names and what stands in its place, the longest place first.
  private let locations: [(prefix: String, location: String)]

  init(_ credentials: any CredentialProvider, _ configuration: RegistriesConfiguration) {
    self.credentials = credentials
    locations = configuration.rules.compactMap { rule in
      guard let location = rule.location, location != rule.prefix, !rule.isBlocked else { return nil }
      return (rule.prefix, location)
    }.sorted { $0.location.count > $1.location.count }
  }

  var places: [String] { credentials.places }

  func credential(registry: String, repository: String) async throws -> ProvidedCredential? {
    if let own = try await credentials.credential(registry: registry, repository: repository) { return own }
    let place = "\(registry)/\(repository)"
    for (prefix, location) in locations {
      guard place == location || place.hasPrefix("\(location)/") else { continue }
      let name = "\(prefix)\(place.dropFirst(location.count))".split(separator: "/", maxSplits: 1)
      guard name.count == 2 else { continue }
      let found = try await credentials.credential(registry: String(name[0]), repository: String(name[1]))
      if let found { return found }
    }
    return nil
  }
}

extension RegistriesConfiguration {
  /// The same credentials, also for the places to which names are led.
  public func relocating(_ credentials: any CredentialProvider) -> any CredentialProvider {
    RelocatedCredentials(credentials, self)
  }
}
