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
