import Diagnostics
import OCI

/// An archive as `docker save` writes it (moby image-spec v1.2, "Combined Image JSON"); its layers are in a store already.
struct DockerArchive {
  let store: ContentStore
  let name: String
  let intake: ArchiveIntake

  /// - Parameter document: `manifest.json`.
  func images(_ document: [UInt8]) throws -> [LoadedImage] {
    let items = try JSONDocument.decode([DockerManifest].self, from: document, called: "manifest.json of \(name)")
    guard !items.isEmpty else { throw ImagesError.damaged(name, "its manifest.json lists no image") }
    return try items.map { item in
      let names = try (item.repoTags ?? []).map { try ImageReference(parsing: $0).withDefaultTag }
      return LoadedImage(descriptor: try image(item), names: names)
    }
  }

  /// Gives an image the manifest that the archive does not have.
  private func image(_ item: DockerManifest) throws -> Descriptor {
    let bytes = try config(item.config)
    let config = try JSONDocument.decode(ImageConfig.self, from: bytes, called: "\(item.config) of \(name)")
    let layers = try item.layers.map(layer)
    let expected = config.rootfs.diffIDs
    guard layers.count == expected.count else {
      throw ImagesError.damaged(
        name, "\(item.config) lists \(expected.count) layers, and manifest.json \(layers.count)")
    }
    for (index, layer) in layers.enumerated() where layer.diffID != expected[index] {
      throw ImagesError.damaged(
        name, "\(item.layers[index]) is \(layer.diffID), and should be \(expected[index])")
    }
    let descriptor = try store.store(bytes, mediaType: .ociConfig)
    let manifest = try RawManifest(ImageManifest(config: descriptor, layers: layers.map(\.descriptor)))
    return try store.store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
  }

  /// Its file is called by its digest.
  private func config(_ path: String) throws -> [UInt8] {
    if let digest = ArchiveIntake.digest(ofBlobAt: path), store.contains(digest) { return try store.read(digest) }
    guard let bytes = intake.documents[path] else { throw ImagesError.damaged(name, "it lacks \(path)") }
    let named = Digest(sha256Hex: String(path.dropLast(".json".count)))
    guard named == nil || named == Digest(sha256Of: bytes) else {
      throw ImagesError.damaged(name, "\(path) has other content than its name says")
    }
    return bytes
  }

  private func layer(_ path: String) throws -> ArchiveIntake.Layer {
    if let layer = intake.layer(at: path) { return layer }
    guard let digest = ArchiveIntake.digest(ofBlobAt: path), store.contains(digest) else {
      throw ImagesError.damaged(name, "it lacks \(path)")
    }
    return try LayerTaking(store: store).layer(digest)
  }
}
