import Diagnostics
import OCI

/// An image that is looked at, with what its documents say of each other.
struct CheckedImage {
  let manifest: RawManifest
  let image: ImageManifest
  /// What its index says that it runs on.
  let platform: Platform?

  /// What there is to be read.
  var blobs: [Descriptor] { image.blobs.filter { !($0.mediaType.isForeign && $0.urls?.isEmpty == false) } }

  func faults(_ findings: [Descriptor: BlobFinding]) -> [ImageValidation.Fault] {
    var faults: [ImageValidation.Fault] = []
    func add(_ part: String, _ message: String) {
      faults.append(.init(manifest: manifest.descriptor.digest, part: part, message: message))
    }
    let config = configuration(findings[image.config], add)
    let diffIDs = config?.rootfs.diffIDs
    if let diffIDs, diffIDs.count != image.layers.count {
      add("configuration", "it lists \(diffIDs.count) layers, and the manifest \(image.layers.count)")
    }
    for (index, layer) in image.layers.enumerated() {
      let part = "layer \(index + 1)"
      switch findings[layer] {
      case .fault(let message): add(part, message)
      case .layer(let diffID, let form):
        if let form, form != layer.mediaType.form { add(part, "it is \(form), and its type is \(layer.mediaType)") }
        guard let expected = diffIDs.flatMap({ index < $0.count ? $0[index] : nil }), expected != diffID else { break }
        add(part, "its diff ID is \(diffID), and the configuration says \(expected)")
      case .blob, .document, nil: break
      }
    }
    if let config { checkConfiguration(config, add) }
    return faults
  }

  /// Nil where it is none of an image, and where it cannot be read.
  private func configuration(_ finding: BlobFinding?, _ add: (String, String) -> Void) -> ImageConfig? {
    switch finding {
    case .fault(let message): add("configuration", message)
    case .document(let bytes):
      do { return try JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration") } catch {
        add("configuration", (error as? OCIError)?.diagnostic.message ?? "it cannot be read")
      }
    case .blob, .layer, nil: break
    }
    return nil
  }

  private func checkConfiguration(_ config: ImageConfig, _ add: (String, String) -> Void) {
    if config.rootfs.type != "layers" {
      add("configuration", "its rootfs is of the type \(config.rootfs.type), not layers")
    }
    let making = config.history?.count { $0.emptyLayer != true }
    if let making, making > 0, making != image.layers.count {
      add("configuration", "its history tells of \(making) layers, and the manifest has \(image.layers.count)")
    }
    guard let platform, platform.os != "unknown" else { return }
    if platform.normalized.os != config.platform.normalized.os
      || platform.normalized.architecture != config.platform.normalized.architecture
    {
      add("configuration", "it is for \(config.platform), and its index says \(platform)")
    }
  }
}

extension MediaType {
  /// How a layer of the type is compressed; nil for what is no layer of an image.
  var form: String? {
    switch self {
    case .ociLayerGzip, .dockerLayerGzip, .dockerForeignLayer: "gzip"
    case .ociLayerZstd: "zstd"
    case .ociLayer, .dockerLayer: "none"
    default: nil
    }
  }

  var isConfiguration: Bool { self == .ociConfig || self == .dockerConfig }
}
