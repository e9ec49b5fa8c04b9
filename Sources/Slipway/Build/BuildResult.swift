public import OCI

/// What `slipway build` made.
public struct BuildResult: Sendable, Hashable {
  /// The names of the image.
  public var names: [ImageReference]
  /// Of the manifest, or of the index of several images.
  public var descriptor: Descriptor
  /// Of the configuration of an only image.
  public var configDigest: Digest?
  /// Whether standard output was taken by an exported file.
  public var usedStandardOutput: Bool

  /// The answer on standard output: `NAME@DIGEST`, or the digest of an image without a name.
  public var answer: String {
    guard var name = names.first else { return descriptor.digest.description }
    name.tag = nil
    return "\(name.familiarName)@\(descriptor.digest)"
  }

  /// What docker calls the image's ID: for several images the digest of their index.
  public var imageID: Digest { configDigest ?? descriptor.digest }

  /// The document of `--metadata-file`, with BuildKit's keys.
  public var metadata: Metadata {
    Metadata(
      configDigest: configDigest, descriptor: descriptor, digest: descriptor.digest,
      name: names.isEmpty ? nil : names.map(\.withDefaultTag.description).joined(separator: ","))
  }

  public struct Metadata: Sendable, Hashable, Codable {
    public var configDigest: Digest?
    public var descriptor: Descriptor
    public var digest: Digest
    public var name: String?

    enum CodingKeys: String, CodingKey {
      case configDigest = "containerimage.config.digest"
      case descriptor = "containerimage.descriptor"
      case digest = "containerimage.digest"
      case name = "image.name"
    }
  }
}

/// What became of a build.
public enum BuildOutcome: Sendable {
  case built(BuildResult)
  /// `--call` was answered; nothing was built.
  case answered(BuildAnswer)
  /// Another process did the work; end with its exit code.
  case delegated(exitCode: Int32)
}
