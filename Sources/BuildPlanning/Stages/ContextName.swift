public import OCI

/// A name of `--build-context` as stages and images are compared with it: `alpine`, `alpine:latest` and
/// `docker.io/library/alpine` are one name (BuildKit, `frontend/dockerui`).
public struct ContextName: Sendable, Hashable {
  /// Without what Docker completes: `alpine`, `alpine:3.20`, `registry.example/base`.
  public let name: String
  /// What the context is for; nil is for all platforms that have none of their own.
  public let platform: Platform?

  /// Reads `NAME` or `NAME::PLATFORM`.
  /// - Throws: `OCIError` with the codes `invalid-reference` and `invalid-platform`.
  public init(parsing text: String) throws {
    var name = text[...]
    var platform: Platform?
    if let mark = text.firstRange(of: "::") {
      platform = try Platform(parsing: String(text[mark.upperBound...]))
      name = text[..<mark.lowerBound]
    }
    self.init(try ImageReference(parsing: String(name)), for: platform)
  }

  init(_ reference: ImageReference, for platform: Platform?) {
    let familiar = reference.familiarDescription
    name = familiar.hasSuffix(":latest") ? String(familiar.dropLast(":latest".count)) : familiar
    self.platform = platform
  }

  /// The same for one platform.
  func on(_ platform: Platform) -> ContextName { ContextName(name: name, platform: platform.normalized) }

  private init(name: String, platform: Platform) {
    self.name = name
    self.platform = platform
  }
}

extension ContextName: CustomStringConvertible {
  /// A key of `BuildOptions.contexts`.
  public var description: String { name + (platform.map { "::\($0)" } ?? "") }
}
