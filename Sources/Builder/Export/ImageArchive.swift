import Archive
import Diagnostics
import HostOS
public import OCI
public import SystemPackage

/// The forms of an image in one file.
public enum ImageArchiveFormat: String, Sendable, CaseIterable {
  /// An OCI image layout (image-spec, image-layout.md).
  case oci
  /// The same with a `manifest.json`, for `docker load` and `podman load`.
  case docker
}

extension ImageExporter {
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
    let archive = ImageArchive(product: product, names: names, format: format, store: store)
    try await Blocking.run {
      try target.write { sink in
        let writer = try LayerWriter(to: sink, options: .init(compression: .none))
        for (path, content) in try archive.files { try archive.append(path, content, to: writer) }
        _ = try writer.finish()
      }
    }
  }

  /// Writes images as an OCI image layout in a folder, beside images that are there already.
  public func writeLayout(_ product: BuildProduct, names: [ImageReference], to folder: FilePath) async throws {
    try await fetchLayers(of: product.images)
    let archive = ImageArchive(product: product, names: names, format: .oci, store: store)
    try await Blocking.run { try archive.write(to: folder) }
  }
}

/// The files of an image layout.
struct ImageArchive: Sendable {
  enum Content {
    case bytes([UInt8])
    case blob(Descriptor)
  }

  let product: BuildProduct
  let names: [ImageReference]
  let format: ImageArchiveFormat
  let store: BuildStore

  var files: [(path: String, content: Content)] {
    get throws {
      var files: [(String, Content)] = try descriptors.map { (Self.path(of: $0), .blob($0)) }
      files.append(("index.json", .bytes(try JSONDocument.encode(try index))))
      if format == .docker {
        files.append(("manifest.json", .bytes(try JSONDocument.encode(product.images.map(dockerManifest)))))
      }
      files.append(("oci-layout", .bytes(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))))
      return files.sorted { $0.0 < $1.0 }
    }
  }

  /// Of all blobs, each once.
  private var descriptors: [Descriptor] {
    get throws {
      var seen: Set<Digest> = []
      let all = product.images.flatMap { image in
        image.layers.map(\.descriptor) + [image.configDescriptor, image.manifest.descriptor]
      }
      return (all + [product.top.descriptor]).filter { seen.insert($0.digest).inserted }
    }
  }

  private static func path(of descriptor: Descriptor) -> String {
    "blobs/\(descriptor.digest.algorithm)/\(descriptor.digest.hex)"
  }

  /// One entry a name, as containerd and BuildKit write it.
  private var index: ImageIndex {
    get throws {
      guard !names.isEmpty else { return ImageIndex(manifests: [product.descriptor]) }
      return ImageIndex(
        manifests: names.map { name in
          var named = product.descriptor
          let tagged = name.withDefaultTag
          var annotations = named.annotations ?? [:]
          annotations["io.containerd.image.name"] = tagged.description
          if let tag = tagged.tag { annotations[ContentStore.referenceNameAnnotation] = tag }
          named.annotations = annotations
          return named
        })
    }
  }

  /// An element of `manifest.json` as `docker save` writes it (moby image-spec v1.2, "Combined Image JSON").
  private struct DockerManifest: Encodable {
    var config: String
    var repoTags: [String]?
    var layers: [String]

    enum CodingKeys: String, CodingKey {
      case config = "Config"
      case repoTags = "RepoTags"
      case layers = "Layers"
    }
  }

  private func dockerManifest(of image: BuiltImage) -> DockerManifest {
    DockerManifest(
      config: Self.path(of: image.configDescriptor),
      repoTags: names.isEmpty ? nil : names.map(\.withDefaultTag.familiarDescription),
      layers: image.layers.map { Self.path(of: $0.descriptor) })
  }

  // MARK: Writing

  func append(_ path: String, _ content: Content, to writer: LayerWriter) throws {
    guard let path = TreePath(path) else { return }
    func entry(_ size: Int64) -> TreeEntry {
      TreeEntry(path: path, kind: .file(size: size), mode: 0o644, modificationTime: Timestamp(seconds: 0))
    }
    switch content {
    case .bytes(let bytes): try writer.append(entry(Int64(bytes.count)), content: bytes)
    case .blob(let descriptor):
      try Files.withDescriptor(store.content.path(of: descriptor.digest), .readOnly) {
        try writer.append(entry(descriptor.size), content: $0)
      }
    }
  }

  func write(to folder: FilePath) throws {
    let destination = ContentStore(layout: folder)
    for descriptor in try descriptors where !destination.contains(descriptor.digest) {
      var ingest = try destination.ingest()
      let path = store.content.path(of: descriptor.digest)
      try Files.withDescriptor(path, .readOnly) { try Files.readChunks($0, path) { try ingest.write($0) } }
      try ingest.commit(as: descriptor.digest)
    }
    try destination.add(try index.manifests)
    try destination.removeWorkFolder()
  }
}
