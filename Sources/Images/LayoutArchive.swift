import OCI

/// An archive that is an image layout (image-spec, image-layout.md); its blobs are in a store already.
struct LayoutArchive {
  let store: ContentStore
  let name: String

  /// - Parameter document: `index.json`.
  func images(_ document: [UInt8]) throws -> [LoadedImage] {
    let index = try JSONDocument.decode(ImageIndex.self, from: document, called: "index.json of \(name)")
    var images: [LoadedImage] = []
    for listed in index.manifests {
      var image: LoadedImage
      if let known = images.firstIndex(where: { $0.descriptor.digest == listed.digest }) {
        image = images.remove(at: known)
      } else {
        image = LoadedImage(descriptor: listed, names: [])
      }
      image.add(listed)
      images.append(image)
    }
    guard !images.isEmpty else { throw ImagesError.damaged(name, "its index.json lists no image") }
    return try images.map(complete)
  }

  /// Tells what of an image is missing. Of an index, images may be: `docker save` writes the one for its machine only.
  private func complete(_ image: LoadedImage) throws -> LoadedImage {
    let top = try manifest(image.descriptor)
    guard case .index(let index) = top.content else {
      if let missing = try missing(in: top) { throw ImagesError.damaged(name, "it lacks \(missing)") }
      var whole = image
      whole.descriptor = top.descriptor
      return whole
    }
    let present = try index.manifests.filter { descriptor in
      guard store.contains(descriptor) else { return false }
      return try missing(in: manifest(descriptor)) == nil
    }
    let images = present.filter { !$0.isAttestation }
    guard !images.isEmpty else { throw ImagesError.damaged(name, "it lacks the images that its index names") }
    var loaded = image
    loaded.descriptor = top.descriptor
    if present.count == index.manifests.count { return loaded }
    loaded.isPartial = true
    if images.count == 1 {
      loaded.descriptor = try manifest(images[0]).descriptor
    } else if let rest = try index.keeping(Set(images.map(\.digest))) {
      loaded.descriptor = try store.store(rest.bytes, mediaType: rest.descriptor.mediaType)
    }
    return loaded
  }

  private func manifest(_ descriptor: Descriptor) throws -> RawManifest {
    guard store.contains(descriptor.digest) else { throw ImagesError.damaged(name, "it lacks \(descriptor.digest)") }
    return try RawManifest(bytes: store.read(descriptor.digest), mediaType: descriptor.mediaType)
  }

  /// The first blob that is missing of an image, or of an index and what it names.
  private func missing(in manifest: RawManifest) throws -> Digest? {
    switch manifest.content {
    case .image(let image):
      return image.blobs.first { !($0.mediaType.isForeign && $0.urls != nil) && !store.contains($0) }?.digest
    case .index(let index):
      for descriptor in index.manifests {
        guard store.contains(descriptor) else { return descriptor.digest }
        if let missing = try missing(in: self.manifest(descriptor)) { return missing }
      }
      return nil
    }
  }
}

extension LoadedImage {
  /// Takes over what an entry of `index.json` says of its name: containerd's annotation, or the specification's, which
  /// tools use for a tag or for a whole name.
  mutating func add(_ listed: Descriptor) {
    let annotations = listed.annotations ?? [:]
    let short = annotations[ContentStore.referenceNameAnnotation]
    if let full = annotations["io.containerd.image.name"], let name = try? ImageReference(parsing: full) {
      names.append(name.withDefaultTag)
    } else if let short {
      if short.contains("/") || short.contains(":"), let name = try? ImageReference(parsing: short) {
        names.append(name.withDefaultTag)
      } else {
        tags.append(short)
      }
    }
  }
}
