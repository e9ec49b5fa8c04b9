import Builder
import Diagnostics
import HostOS
public import OCI

/// The images of the store by the names that docker has for them: names, digests, IDs and beginnings of IDs.
public struct DockerImages: Sendable {
  private let store: ContentStore

  public init(_ bench: Workbench) { store = bench.store.content }

  // MARK: All

  /// All images, each once, the newest first.
  /// - Throws: `HostError`, `OCIError`.
  public func all() throws -> [DockerImage] {
    var images: [DockerImage] = []
    var known: [Digest: Int] = [:]
    for descriptor in try store.names().manifests
    where descriptor.annotations?[DockerContainers.annotation] == nil {
      let name = descriptor.annotations?[ContentStore.referenceNameAnnotation].flatMap {
        try? ImageReference(parsing: $0)
      }
      if let index = known[descriptor.digest] {
        if let name { images[index].names.append(name) }
      } else if let image = image(descriptor, named: name) {
        known[descriptor.digest] = images.count
        images.append(image)
      }
    }
    for index in images.indices { images[index].names.sort { $0.description < $1.description } }
    return images.sorted { ($1.config.created ?? "", $0.id.hex) < ($0.config.created ?? "", $1.id.hex) }
  }

  // MARK: One

  /// - Parameter text: a name, a name with a digest, an ID or the beginning of one.
  /// - Throws: `DockerError`; `OCIError` for what is no name; `HostError`.
  public func image(_ text: String) throws -> DockerImage {
    if let digest = Digest(text) { return try image(withID: digest, text) }
    if let name = try? ImageReference(parsing: text) {
      if let digest = name.digest { return try image(withID: digest, text) }
      if let descriptor = try store.descriptor(named: name), let image = image(descriptor, named: nil) {
        return try withNames(image)
      }
    }
    if let image = try image(beginning: text) { return image }
    let name = try ImageReference(parsing: text)
    throw DockerError.noSuchImage(name.withDefaultTag.familiarDescription)
  }

  /// The same; nil for an image that is not there.
  public func imageIfThere(_ text: String) throws -> DockerImage? {
    do { return try image(text) } catch is DockerError { return nil }
  }

  /// The image that a name stands for, by its name alone.
  func image(named name: ImageReference) throws -> DockerImage? {
    guard let descriptor = try store.descriptor(named: name) else { return nil }
    return try image(descriptor, named: nil).map(withNames)
  }

  /// By its own digest, that of its manifest or index, or of an image in the index.
  private func image(withID digest: Digest, _ text: String) throws -> DockerImage {
    let images = try all()
    if let found = images.first(where: { $0.id == digest || $0.top.digest == digest }) { return found }
    // A manifest that no name stands for, such as one of an index.
    if let bytes = try? store.read(digest), let raw = try? RawManifest(bytes: bytes, mediaType: nil),
      let found = image(raw.descriptor, named: nil)
    {
      return found
    }
    throw DockerError.noSuchImage(text)
  }

  /// - Throws: `DockerError` when several images begin so.
  private func image(beginning text: String) throws -> DockerImage? {
    let digits = text.hasPrefix("sha256:") ? String(text.dropFirst("sha256:".count)) : text
    let isHex = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    guard isHex, !digits.isEmpty, digits.utf8.count <= 64 else { return nil }
    let found = try all().filter { $0.id.hex.hasPrefix(digits) || $0.top.digest.hex.hasPrefix(digits) }
    guard Set(found.map(\.id)).count <= 1 else { throw DockerError.noSuchImage(text) }
    return found.first
  }

  private func withNames(_ image: DockerImage) throws -> DockerImage {
    var copy = image
    copy.names = try store.names().manifests.filter { $0.digest == image.top.digest }.compactMap { descriptor in
      descriptor.annotations?[ContentStore.referenceNameAnnotation].flatMap { try? ImageReference(parsing: $0) }
    }.sorted { $0.description < $1.description }
    return copy
  }

  /// Nil for what is no image, or is damaged.
  private func image(_ descriptor: Descriptor, named name: ImageReference?) -> DockerImage? {
    guard let raw = manifest(descriptor) else { return nil }
    let own: ImageManifest
    switch raw.content {
    case .image(let image): own = image
    case .index(let index):
      let candidates = [index.manifest(for: .host)].compactMap { $0 } + index.manifests.filter { !$0.isAttestation }
      guard
        let found = candidates.lazy.compactMap({ candidate -> ImageManifest? in
          guard case .image(let image)? = manifest(candidate)?.content else { return nil }
          return image
        }).first
      else { return nil }
      own = found
    }
    guard let bytes = try? store.read(own.config.digest),
      let config = try? JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration")
    else { return nil }
    let plain = Descriptor(mediaType: raw.descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
    return DockerImage(
      id: own.config.digest, top: plain, names: name.map { [$0] } ?? [], manifest: own, config: config,
      size: own.layers.reduce(0) { $0 + $1.size })
  }

  private func manifest(_ descriptor: Descriptor) -> RawManifest? {
    guard let bytes = try? store.read(descriptor.digest) else { return nil }
    return try? RawManifest(bytes: bytes, mediaType: descriptor.mediaType)
  }

  // MARK: Names

  /// Lists an image that has no name, so that it can be found by its ID until it is removed.
  /// - Throws: `HostError`, `OCIError`.
  public func keep(_ descriptor: Descriptor) throws { try store.add([descriptor]) }

  /// Takes names away, and images without a name.
  /// - Throws: `HostError`, `OCIError`.
  func untag(_ image: DockerImage, _ names: [ImageReference]) throws {
    try store.untag(Set(names.map(\.description)))
    if names.count >= image.names.count { try store.untag([image.top.digest.description]) }
  }
}
