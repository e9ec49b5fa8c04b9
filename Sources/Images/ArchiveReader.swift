public import Archive
import Diagnostics
import HostOS
public import OCI

/// An image that an archive held, and that is in a store now.
public struct LoadedImage: Sendable, Hashable {
  /// Of a manifest or an index.
  public var descriptor: Descriptor
  /// Its names, as the archive has them.
  public var names: [ImageReference]
  /// What the archive calls it where that is no whole name: a tag.
  public var tags: [String] = []
  /// Whether the archive's index names more images than the archive holds.
  public var isPartial = false
}

/// Takes the images of an archive over into a store: those of `docker save`, `podman save`, skopeo, buildah, BuildKit and
/// ours, compressed or not.
///
/// An archive is read once, from its beginning to its end. Blobs are verified on their way, and nothing gets a name.
public struct ArchiveReader: Sendable {
  let store: ContentStore
  /// What stands for the archive in messages.
  let name: String

  public init(into store: ContentStore, name: String) {
    self.store = store
    self.name = name
  }

  /// Blocks.
  /// - Throws: `ImagesError` with the code `not-an-archive` for a file that holds no images, with `archive-damaged` for
  ///   one whose parts do not fit together; `ArchiveError`, `BlobMismatch`, `OCIError`, `HostError`.
  public func read(_ source: any ByteSource) throws -> [LoadedImage] {
    let reader = try LayerReader(source, options: .archive)
    var intake = ArchiveIntake(store: store, name: name)
    while let entry = try reader.next() { try intake.take(entry, reader) }
    _ = try reader.finish()
    if let index = intake.documents["index.json"] { return try LayoutArchive(store: store, name: name).images(index) }
    if let list = intake.documents["manifest.json"] {
      return try DockerArchive(store: store, name: name, intake: intake).images(list)
    }
    throw ImagesError(
      "not-an-archive", "\(name) holds no images: it has neither index.json nor manifest.json",
      help: ["name an archive of docker save, podman save, skopeo or slipway save"], exitCode: .usage)
  }
}

/// What is in an archive, before it is known what kind of archive it is.
struct ArchiveIntake {
  struct Layer {
    var descriptor: Descriptor
    var diffID: Digest
  }

  let store: ContentStore
  let name: String
  /// Files that are read whole, by their paths.
  private(set) var documents: [String: [UInt8]] = [:]
  /// Layers of docker archives, by their paths.
  private var layers: [String: Layer] = [:]
  /// Links, by their paths.
  private var links: [String: String] = [:]

  private static let documentLimit = 16 << 20
  private static let documentCount = 10_000

  init(store: ContentStore, name: String) {
    self.store = store
    self.name = name
  }

  mutating func take(_ entry: TreeEntry, _ reader: LayerReader) throws {
    let path = String(decoding: entry.path.bytes, as: UTF8.self)
    switch entry.kind {
    case .symbolicLink(let target):
      links[path] = Self.resolve(String(decoding: target, as: UTF8.self), from: path)
    case .hardLink(let target): links[path] = String(decoding: target.bytes, as: UTF8.self)
    case .file(let size):
      if let digest = Self.digest(ofBlobAt: path) {
        try takeBlob(digest, size, reader)
      } else if path.hasSuffix(".json") {
        guard documents.count < Self.documentCount else { throw damaged("it has too many files") }
        documents[path] = try reader.content(limit: Self.documentLimit)
      } else if path.hasSuffix(".tar") {
        layers[path] = try LayerTaking(store: store).take(reader)
      }
    default: break
    }
  }

  /// A layer of `manifest.json`, links followed.
  func layer(at path: String) -> Layer? {
    var path = path
    for _ in 0..<8 {
      if let layer = layers[path] { return layer }
      guard let next = links[path] else { return nil }
      path = next
    }
    return nil
  }

  static func digest(ofBlobAt path: String) -> Digest? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "blobs" else { return nil }
    return Digest("\(parts[1]):\(parts[2])")
  }

  private func takeBlob(_ digest: Digest, _ size: Int64, _ reader: LayerReader) throws {
    let expected = Descriptor(mediaType: .ociLayer, digest: digest, size: size)
    if store.contains(expected) { return }
    var ingest = try store.ingest()
    var hasher = DigestHasher(like: digest)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try reader.readContent(into: buffer)
      if count == 0 { break }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      hasher.update(bytes)
      try ingest.write(bytes)
    }
    guard hasher.digest == digest else { throw damaged("its blob \(digest) has other content: \(hasher.digest)") }
    try ingest.commit(as: digest)
  }

  func damaged(_ reason: String) -> ImagesError { .damaged(name, reason) }

  /// The path that a link leads to, within the archive.
  private static func resolve(_ target: String, from path: String) -> String {
    var parts = target.hasPrefix("/") ? [] : path.split(separator: "/").dropLast().map(String.init)
    for part in target.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
    }
    return parts.joined(separator: "/")
  }
}

extension ImagesError {
  static func damaged(_ archive: String, _ reason: String) -> ImagesError {
    ImagesError("archive-damaged", "\(archive) cannot be used: \(reason)", help: ["save the image again"])
  }
}
