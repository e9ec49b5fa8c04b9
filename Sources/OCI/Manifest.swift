import Diagnostics

/// An image manifest (image-spec, manifest.md; Docker schema 2 has the same shape).
public struct ImageManifest: Sendable, Hashable, Codable {
  public var schemaVersion = 2
  public var mediaType: MediaType?
  public var artifactType: String?
  public var config: Descriptor
  public var layers: [Descriptor]
  public var subject: Descriptor?
  public var annotations: [String: String]?

  public init(config: Descriptor, layers: [Descriptor], annotations: [String: String]? = nil) {
    self.mediaType = .ociManifest
    self.config = config
    self.layers = layers
    self.annotations = annotations
  }
}

extension ImageManifest {
  /// Configuration and layers.
  public var blobs: [Descriptor] { [config] + layers }
}

/// An image index (image-spec, image-index.md; Docker's manifest list has the same shape).
public struct ImageIndex: Sendable, Hashable, Codable {
  public var schemaVersion = 2
  public var mediaType: MediaType?
  public var artifactType: String?
  public var manifests: [Descriptor]
  public var subject: Descriptor?
  public var annotations: [String: String]?

  public init(manifests: [Descriptor], annotations: [String: String]? = nil) {
    self.mediaType = .ociIndex
    self.manifests = manifests
    self.annotations = annotations
  }

  /// The image that runs best on a platform, skipping attestations. Among equals the first one.
  public func manifest(for platform: Platform) -> Descriptor? {
    manifests.enumerated()
      .compactMap { position, descriptor -> (distance: Int, position: Int, descriptor: Descriptor)? in
        guard !descriptor.isAttestation, let theirs = descriptor.platform,
          let distance = platform.distance(to: theirs)
        else { return nil }
        return (distance, position, descriptor)
      }
      .min { ($0.distance, $0.position) < ($1.distance, $1.position) }?.descriptor
  }
}

extension Descriptor {
  /// BuildKit puts attestations beside images in an index, under an unknown platform.
  public var isAttestation: Bool { annotations?["vnd.docker.reference.type"] == "attestation-manifest" }
}

/// The exact bytes of a manifest or an index beside what they say. Digests are computed from the bytes, never from
/// an encoding of the value.
public struct RawManifest: Sendable, Hashable {
  public enum Content: Sendable, Hashable {
    case image(ImageManifest)
    case index(ImageIndex)
  }

  public let descriptor: Descriptor
  public let bytes: [UInt8]
  public let content: Content

  /// - Parameter mediaType: what the transport says; the document's own `mediaType` wins.
  /// - Throws: `OCIError` with the code `invalid-manifest`.
  public init(bytes: [UInt8], mediaType: MediaType?) throws {
    struct Probe: Decodable {
      var schemaVersion: Int?
      var mediaType: MediaType?
      var manifests: [Descriptor]?
      var layers: [Descriptor]?
    }
    let probe = try JSONDocument.decode(Probe.self, from: bytes, called: "manifest")
    guard probe.schemaVersion == 2 else {
      throw OCIError(
        "invalid-manifest",
        "the manifest has schema version \(probe.schemaVersion.map(String.init) ?? "none"), but only version 2 is read",
        help: ["push the image again with a current tool"])
    }
    // Two readers could take such a document for two images (CVE-2021-41190).
    guard probe.manifests == nil || probe.layers == nil else {
      throw OCIError("invalid-manifest", "the manifest lists both images and layers")
    }
    let type = probe.mediaType ?? mediaType ?? (probe.manifests == nil ? .ociManifest : .ociIndex)
    if type.isIndex {
      content = .index(try JSONDocument.decode(ImageIndex.self, from: bytes, called: "image index"))
    } else if type.isImageManifest {
      content = .image(try JSONDocument.decode(ImageManifest.self, from: bytes, called: "image manifest"))
    } else {
      throw OCIError("invalid-manifest", "\"\(type)\" is not the type of an image or an index")
    }
    self.bytes = bytes
    self.descriptor = Descriptor(mediaType: type, of: bytes)
  }

  /// - Throws: `EncodingError`.
  public init(_ manifest: ImageManifest) throws {
    let bytes = try JSONDocument.encode(manifest)
    self.init(bytes: bytes, mediaType: manifest.mediaType ?? .ociManifest, content: .image(manifest))
  }

  /// - Throws: `EncodingError`.
  public init(_ index: ImageIndex) throws {
    let bytes = try JSONDocument.encode(index)
    self.init(bytes: bytes, mediaType: index.mediaType ?? .ociIndex, content: .index(index))
  }

  /// The manifest that this one belongs to, such as what a signature signs.
  public var subject: Descriptor? {
    switch content {
    case .image(let manifest): manifest.subject
    case .index(let index): index.subject
    }
  }

  /// As lists of referrers have it (distribution-spec, "Listing referrers").
  public var asReferrer: Descriptor {
    var descriptor = descriptor
    switch content {
    case .image(let manifest):
      descriptor.artifactType = manifest.artifactType ?? manifest.config.mediaType.rawValue
      descriptor.annotations = manifest.annotations
    case .index(let index):
      descriptor.artifactType = index.artifactType
      descriptor.annotations = index.annotations
    }
    return descriptor
  }

  private init(bytes: [UInt8], mediaType: MediaType, content: Content) {
    self.bytes = bytes
    self.content = content
    self.descriptor = Descriptor(mediaType: mediaType, of: bytes)
  }
}
