/// What points to content: its type, digest and size (image-spec, descriptor.md).
public struct Descriptor: Sendable, Hashable, Codable {
  public var mediaType: MediaType
  public var digest: Digest
  /// In bytes.
  public var size: Int64
  public var urls: [String]?
  public var annotations: [String: String]?
  public var platform: Platform?
  public var artifactType: String?

  public init(mediaType: MediaType, digest: Digest, size: Int64, annotations: [String: String]? = nil) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.annotations = annotations
  }

  /// Of bytes that are at hand.
  public init(mediaType: MediaType, of bytes: [UInt8]) {
    self.init(mediaType: mediaType, digest: Digest(sha256Of: bytes), size: Int64(bytes.count))
  }
}

extension Descriptor {
  /// The annotation with the digest of an eStargz layer's table of contents, without which runtimes do not fetch its
  /// files one by one (stargz-snapshotter, docs/estargz.md).
  public static let eStargzTable = "containerd.io/snapshot/stargz/toc.digest"
  /// The annotation with the size of its tar, in bytes.
  public static let eStargzUncompressedSize = "io.containers.estargz.uncompressed-size"

  /// What an image says of a layer: its annotations only where runtimes go by them.
  public var inManifest: Descriptor {
    let kept = annotations?.filter { [Self.eStargzTable, Self.eStargzUncompressedSize].contains($0.key) } ?? [:]
    return Descriptor(
      mediaType: mediaType.ociEquivalent, digest: digest, size: size, annotations: kept.isEmpty ? nil : kept)
  }
}
