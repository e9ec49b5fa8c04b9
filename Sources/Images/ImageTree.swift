import Diagnostics
import HostOS
public import OCI

/// An image, or an index with its images, as documents: what is known before blobs are moved.
public struct ImageTree: Sendable {
  /// What the image's name stands for.
  public let top: RawManifest
  /// What `top` names, directly or not, each once, and each after what it names itself.
  public let children: [RawManifest]

  public init(top: RawManifest, children: [RawManifest]) {
    self.top = top
    self.children = children
  }

  /// Reads the manifests of an image.
  /// - Throws: the source's errors; `OCIError` with the code `no-matching-platform`, or `invalid-image` for indexes that
  ///   lie too deep in each other.
  public init(
    of reference: ImageReference, in source: any ImageSource, selecting selection: PlatformSelection = .all
  ) async throws {
    let found = try await source.manifest(reference)
    let reader = TreeReader(source: source, reference: reference.with(digest: found.descriptor.digest))
    switch try selection.choice(of: found, name: reference.familiarDescription) {
    case .unchanged:
      try await reader.check(found, selection)
      top = found
    case .image(let digest): top = try await source.manifest(reference.with(digest: digest))
    case .index(let index): top = index
    }
    var seen: Set<Digest> = []
    children = try await reader.children(of: top, depth: 0).filter { seen.insert($0.descriptor.digest).inserted }
  }

  /// In an order in which everything comes after what it names.
  public var manifests: [RawManifest] { children + [top] }

  /// Configurations and layers of all images, each once; without layers that lie elsewhere and are not to be handed on.
  public var blobs: [Descriptor] { Self.blobs(of: manifests) }

  /// The image that runs best on a platform, else any.
  public func image(for platform: Platform) -> ImageManifest? {
    guard case .index(let index) = top.content else { return top.image }
    let chosen = index.manifest(for: platform) ?? index.manifests.first { !$0.isAttestation }
    return children.first { $0.descriptor.digest == chosen?.digest }?.image
  }

  static func blobs(of manifests: [RawManifest]) -> [Descriptor] {
    var seen: Set<Digest> = []
    return manifests.flatMap { $0.image?.blobs ?? [] }.filter { blob in
      !(blob.mediaType.isForeign && blob.urls?.isEmpty == false) && seen.insert(blob.digest).inserted
    }
  }
}

extension RawManifest {
  /// Nil for an index.
  public var image: ImageManifest? {
    if case .image(let image) = content { image } else { nil }
  }
}

private struct TreeReader: Sendable {
  let source: any ImageSource
  /// With the digest of what it stands for.
  let reference: ImageReference

  /// Indexes may name indexes; nobody needs many of them in each other.
  private static let depthLimit = 4

  func children(of manifest: RawManifest, depth: Int) async throws -> [RawManifest] {
    guard case .index(let index) = manifest.content else { return [] }
    guard depth < Self.depthLimit else {
      throw OCIError("invalid-image", "\(reference.familiarDescription) names indexes that lie too deep in each other")
    }
    return try await index.manifests.mapSideBySide(limit: 8) { descriptor in
      let child = try await source.manifest(reference.with(digest: descriptor.digest))
      return try await children(of: child, depth: depth + 1) + [child]
    }.flatMap { $0 }
  }

  /// An image alone has to be for the platform that was asked for.
  func check(_ manifest: RawManifest, _ selection: PlatformSelection) async throws {
    guard case .only(let platforms) = selection, let image = manifest.image else { return }
    let bytes = try await source.blobs(of: reference).readWhole(image.config)
    let config = try JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration")
    for platform in platforms where platform.distance(to: config.platform) == nil {
      throw OCIError(
        "no-matching-platform",
        "\(reference.familiarDescription) is an image for \(config.platform), not for \(platform)",
        help: ["leave --platform away, or name another image"])
    }
  }
}
