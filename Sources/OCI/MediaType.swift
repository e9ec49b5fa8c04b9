/// A media type of image-spec or of Docker's schema 2. Unknown ones survive a round trip.
public struct MediaType: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public var description: String { rawValue }

  public static let ociIndex = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
  public static let ociManifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
  public static let ociConfig = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
  public static let ociLayer = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar")
  public static let ociLayerGzip = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+gzip")
  public static let ociLayerZstd = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+zstd")
  public static let dockerManifestList = MediaType(
    rawValue: "application/vnd.docker.distribution.manifest.list.v2+json")
  public static let dockerManifest = MediaType(rawValue: "application/vnd.docker.distribution.manifest.v2+json")
  public static let dockerConfig = MediaType(rawValue: "application/vnd.docker.container.image.v1+json")
  public static let dockerLayer = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar")
  public static let dockerLayerGzip = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar.gzip")
  public static let dockerForeignLayer = MediaType(
    rawValue: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")

  /// What a client accepts where a manifest is asked for, the preferred first.
  public static let manifests: [MediaType] = [.ociIndex, .ociManifest, .dockerManifestList, .dockerManifest]

  public var isIndex: Bool { self == .ociIndex || self == .dockerManifestList }
  public var isImageManifest: Bool { self == .ociManifest || self == .dockerManifest }

  /// Whether it is that of a layer which is not to be handed on, and may lie elsewhere (image-spec, layer.md,
  /// "Non-Distributable Layers").
  public var isForeign: Bool { self == .dockerForeignLayer || rawValue.contains(".layer.nondistributable.") }

  /// The image-spec type that says the same as a Docker schema 2 type; other types are their own.
  public var ociEquivalent: MediaType {
    switch self {
    case .dockerManifestList: .ociIndex
    case .dockerManifest: .ociManifest
    case .dockerConfig: .ociConfig
    case .dockerLayer: .ociLayer
    case .dockerLayerGzip: .ociLayerGzip
    default: self
    }
  }
}
