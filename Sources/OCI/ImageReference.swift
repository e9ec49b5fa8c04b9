import Diagnostics

/// The name of an image: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`, with Docker's completions: no registry means
/// `docker.io`, and one word there means `library/WORD` (distribution-spec, "Pulling manifests"; Docker's reference
/// grammar).
public struct ImageReference: Sendable, Hashable {
  /// A host with an optional port, such as `docker.io` or `localhost:5000`.
  public var registry: String
  public var repository: String
  public var tag: String?
  public var digest: Digest?

  public init(registry: String, repository: String, tag: String? = nil, digest: Digest? = nil) {
    self.registry = registry
    self.repository = repository
    self.tag = tag
    self.digest = digest
  }

  /// - Throws: `OCIError` with the code `invalid-reference`.
  public init(parsing text: String) throws {
    var rest = text[...]
    var digest: Digest?
    if let at = rest.lastIndex(of: "@") {
      digest = Digest(String(rest[rest.index(after: at)...]))
      guard digest != nil else {
        throw Self.invalid(
          text, "what follows the @ is not a digest", "write sha256: and 64 lower-case hexadecimal digits")
      }
      rest = rest[..<at]
    }
    var tag: String?
    if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
      let candidate = String(rest[rest.index(after: colon)...])
      guard Self.isTag(candidate) else {
        throw Self.invalid(
          text, "\"\(candidate)\" is not a tag",
          "a tag has up to 128 letters, digits, _ . - and begins with a letter, a digit or _")
      }
      tag = candidate
      rest = rest[..<colon]
    }
    guard !rest.isEmpty else { throw Self.invalid(text, "there is no name", "write [REGISTRY/]REPOSITORY[:TAG]") }
    let (registry, repository) = Self.split(rest)
    try Self.check(registry: registry, repository: repository, name: rest, in: text)
    self.init(registry: registry, repository: repository, tag: tag, digest: digest)
  }

  /// Without tag and digest.
  public var name: String { "\(registry)/\(repository)" }

  /// What people write: without what Docker completes.
  public var familiarName: String {
    guard registry == "docker.io" else { return name }
    let candidates = [
      repository.hasPrefix("library/") ? repository.dropFirst("library/".count) : repository[...], repository[...],
    ]
    // A short name that would be read as another one is none.
    return candidates.first { Self.split($0) == (registry, repository) }.map(String.init) ?? name
  }

  /// The digest if there is one, else the tag, else `latest`: what stands in a manifest's URL.
  public var identifier: String { digest?.description ?? tag ?? "latest" }

  /// With the tag `latest` where there is neither tag nor digest.
  public var withDefaultTag: ImageReference {
    guard tag == nil, digest == nil else { return self }
    var copy = self
    copy.tag = "latest"
    return copy
  }

  public func with(digest: Digest) -> ImageReference {
    var copy = self
    copy.digest = digest
    return copy
  }

  /// Whether the registry is on this machine, where plain HTTP is allowed.
  public var isLoopback: Bool {
    let host =
      registry.hasPrefix("[")
      ? String(registry.prefix { $0 != "]" }.dropFirst()) : String(registry.prefix { $0 != ":" })
    if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    return octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
  }

  // MARK: Grammar

  /// A first component with a dot or a colon, with capitals, or `localhost`, is a registry.
  private static func split(_ text: Substring) -> (registry: String, repository: String) {
    if let slash = text.firstIndex(of: "/") {
      let first = text[..<slash]
      if first.contains(".") || first.contains(":") || first == "localhost" || first.contains(where: \.isUppercase) {
        let registry = first == "index.docker.io" || first == "registry-1.docker.io" ? "docker.io" : String(first)
        let rest = String(text[text.index(after: slash)...])
        return (registry, registry == "docker.io" && !rest.contains("/") ? "library/\(rest)" : rest)
      }
    }
    return ("docker.io", text.contains("/") ? String(text) : "library/\(text)")
  }

  private static func check(registry: String, repository: String, name: Substring, in text: String) throws {
    guard isHost(registry) else {
      throw invalid(text, "\"\(registry)\" is not a host", "write HOST[:PORT]/NAME[:TAG]")
    }
    if repository.contains(where: \.isUppercase) {
      throw invalid(
        text, "a repository has no capital letters", "write \(name.lowercased())\(text[name.endIndex...])")
    }
    if repository.hasPrefix("library/"), Digest(sha256Hex: String(repository.dropFirst("library/".count))) != nil {
      throw invalid(text, "64 hexadecimal digits name no repository", "write NAME@sha256:\(text)")
    }
    let components = repository.split(separator: "/", omittingEmptySubsequences: false)
    guard !components.isEmpty, components.allSatisfy(isPathComponent), registry.utf8.count + repository.utf8.count < 255
    else {
      throw invalid(
        text, "\"\(repository)\" is not a repository",
        "write words of lower-case letters and digits, joined by . _ __ or -, between slashes")
    }
  }

  private static func isTag(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
    return (first.isASCIIAlphanumeric || first == 0x5F)
      && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == 0x5F || $0 == 0x2E || $0 == 0x2D }
  }

  private static func isHost(_ text: String) -> Bool {
    var host = text[...]
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      let address = host[host.index(after: host.startIndex)..<end]
      guard address.contains(":"), address.utf8.allSatisfy({ $0.isASCIIHexDigit || $0 == 0x3A || $0 == 0x2E }) else {
        return false
      }
      host = host[host.index(after: end)...]
      guard host.isEmpty || host.hasPrefix(":") else { return false }
      host = "h" + host
    }
    let parts = host.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else { return false }
    if parts.count == 2, !parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) || UInt16(parts[1]) == nil {
      return false
    }
    return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == 0x2D || $0 == 0x5F }
    }
  }

  /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
  private static func isPathComponent(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last, first.isASCIILowercaseAlphanumeric,
      last.isASCIILowercaseAlphanumeric
    else { return false }
    var separator: [UInt8] = []
    for byte in text.utf8 {
      if byte.isASCIILowercaseAlphanumeric {
        separator = []
        continue
      }
      separator.append(byte)
      let isAllowed =
        separator == [0x2E] || separator == [0x5F] || separator == [0x5F, 0x5F] || separator.allSatisfy { $0 == 0x2D }
      if !isAllowed { return false }
    }
    return true
  }

  private static func invalid(_ text: String, _ reason: String, _ help: String) -> OCIError {
    OCIError("invalid-reference", "\"\(text)\" is not an image name: \(reason)", help: [help], exitCode: .usage)
  }
}

extension ImageReference: CustomStringConvertible {
  public var description: String {
    name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
  }

  /// What people write, with tag and digest.
  public var familiarDescription: String {
    familiarName + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
  }
}
