public import Diagnostics
import HostOS
public import Images
public import OCI
public import SystemPackage

/// Sends built images to where they are wanted.
public struct ImageExporter: Sendable {
  let store: BuildStore
  let progress: ProgressReporter

  public init(store: BuildStore, progress: ProgressReporter) {
    self.store = store
    self.progress = progress
  }

  /// Writes images to a registry or a layout: all layers side by side, then configurations, then manifests, then the
  /// index, so that nothing is named before it is there.
  /// - Parameter present: layers that are known to be there.
  public func write(
    _ product: BuildProduct, to destination: any ImageDestination, tag: String?, without present: Set<Digest> = [],
    _ step: ProgressStep
  ) async throws {
    let layers = product.images.flatMap(\.layers).filter { !present.contains($0.descriptor.digest) }
    try await write(layers: layers, to: destination, step)
    try await writeConfigs(of: product, to: destination, step)
    if product.onlyImage == nil {
      for image in product.images { try await destination.write(image.manifest, tag: nil) }
    }
    try await destination.write(product.top, tag: tag)
  }

  /// Writes the configurations of images, which nothing names before their manifests.
  public func writeConfigs(
    of product: BuildProduct, to destination: any ImageDestination, _ step: ProgressStep
  ) async throws {
    for image in product.images {
      try await destination.write(image.configDescriptor, from: store.content, reportingTo: step)
    }
  }

  /// Each once, some at a time.
  func write(layers: [Layer], to destination: any ImageDestination, _ step: ProgressStep) async throws {
    var seen: Set<Digest> = []
    try await layers.filter { seen.insert($0.descriptor.digest).inserted }.forEachSideBySide(limit: 4) { layer in
      try await write(layer, to: destination, step)
    }
  }

  /// Writes a layer alone, before there is an image to name it.
  public func write(_ layer: Layer, to destination: any ImageDestination, _ step: ProgressStep) async throws {
    try await destination.write(layer.descriptor, from: layer.source(store), reportingTo: step)
  }

  /// Brings all layers of images into the store.
  func fetchLayers(of images: [BuiltImage]) async throws {
    try await LayerFetcher(store: store, progress: progress).fetch(LayerStack(images.flatMap(\.layers)))
  }

  // MARK: Archives and layouts

  /// Writes images as a tar file. The bytes depend on images and names alone.
  /// - Throws: `BuilderError` with the code `several-images` in the format of docker; `HostError`, the sources' errors.
  public func writeArchive(
    _ product: BuildProduct, names: [ImageReference], format: ImageArchiveFormat, to target: ExportTarget
  ) async throws {
    guard format == .oci || product.onlyImage != nil else {
      throw BuilderError(
        "several-images", "a docker archive holds one image of a name, and the build made \(product.images.count)",
        help: ["write type=oci, which holds images for several platforms, or build for one --platform"],
        exitCode: .usage)
    }
    try await fetchLayers(of: product.images)
    let image = ArchivedImage(product.tree, as: product.descriptor, names: names)
    let archive = ImageArchive([image], format: format, blobs: store.content) { [content = store.content] in
      content.path(of: $0.digest)
    }
    try await archive.write(to: target)
  }

  /// Writes images as an OCI image layout in a folder, beside images that are there already.
  /// - Throws: `HostError`, the sources' errors.
  public func writeLayout(
    _ product: BuildProduct, names: [ImageReference], to folder: FilePath, _ step: ProgressStep
  ) async throws {
    try await fetchLayers(of: product.images)
    let layout = ContentStore(layout: folder)
    try await ImageTransfer(to: layout).send(product.tree, from: store.content, step)
    try await layout.write(product.top, tag: nil)
    try layout.add(ArchivedImage(product.tree, as: product.descriptor, names: names).entries)
    try layout.removeWorkFolder()
  }
}

extension BuildProduct {
  fileprivate var tree: ImageTree {
    ImageTree(top: top, children: onlyImage == nil ? images.map(\.manifest) : [])
  }
}
