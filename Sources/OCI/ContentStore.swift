import Diagnostics
import HostOS
public import SystemPackage

/// The blobs that Slipway keeps, as an OCI image layout (image-spec, image-layout.md) that other tools can read.
///
/// Blobs are named by their digest, so they never change and any number of processes may share a store. Whatever is
/// read is verified. Nothing is written before the first blob comes.
public struct ContentStore: Sendable {
  /// The layout: the folder that holds `oci-layout`, `index.json` and `blobs`.
  public let layout: FilePath
  /// Where blobs wait for their names; on the same file system as `blobs`.
  let ingestFolder: FilePath

  /// - Parameter root: the folder that holds the layout as `oci`, and our temporary files beside it.
  public init(root: FilePath) {
    layout = root.appending("oci")
    ingestFolder = root.appending("ingest")
  }

  /// A layout by itself, as tools exchange it.
  public init(layout: FilePath) {
    self.layout = layout
    ingestFolder = layout.appending("ingest")
  }

  public func path(of digest: Digest) -> FilePath {
    layout.appending("blobs").appending(digest.algorithm).appending(digest.hex)
  }

  public func contains(_ digest: Digest) -> Bool {
    (try? FileStatus(of: path(of: digest)))?.kind == .file
  }

  /// Whether a blob is here in its full size: what was fetched is not waited for to reach the disk, and may be cut off
  /// when the machine lost its power meanwhile.
  public func contains(_ descriptor: Descriptor) -> Bool {
    guard let status = try? FileStatus(of: path(of: descriptor.digest)) else { return false }
    return status.kind == .file && status.size == descriptor.size
  }

  /// Begins to take in a blob.
  /// - Parameter isDurable: whether its name waits until the disk has it: not for what can be fetched again.
  /// - Throws: `HostError`.
  public func ingest(isDurable: Bool = true) throws -> BlobIngest {
    try prepare()
    return try BlobIngest(store: self, isDurable: isDurable)
  }

  /// Takes in a document.
  /// - Throws: `HostError`.
  @discardableResult
  public func store(_ bytes: [UInt8], mediaType: MediaType) throws -> Descriptor {
    let descriptor = Descriptor(mediaType: mediaType, of: bytes)
    if contains(descriptor) { return descriptor }
    var ingest = try self.ingest()
    try bytes.withUnsafeBytes { try ingest.write($0) }
    try ingest.commit(as: descriptor.digest)
    return descriptor
  }

  /// Reads a document whole and verifies it.
  /// - Throws: `HostError`, `BlobMismatch`.
  public func read(_ digest: Digest, limit: Int = 16 << 20) throws -> [UInt8] {
    let bytes = try Files.read(path(of: digest), limit: limit)
    let actual = digest.recomputed(of: bytes)
    guard actual == digest else {
      throw BlobMismatch(
        expected: Descriptor(mediaType: .ociConfig, digest: digest, size: Int64(bytes.count)),
        actual: actual.description, announced: digest.description)
    }
    return bytes
  }

  // MARK: Layout

  /// Makes the folders and the marker file of the layout. Safe to repeat and to race.
  private func prepare() throws {
    let marker = layout.appending("oci-layout")
    if try FileStatus.ifExists(marker)?.size ?? 0 == 0 {
      try Files.createDirectories(layout.appending("blobs").appending("sha256"))
      try Files.createDirectories(ingestFolder)
      // The first blob must not wait for it.
      try Files.writeAtomically(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: marker, isDurable: false)
    } else if try FileStatus.ifExists(ingestFolder) == nil {
      try Files.createDirectories(ingestFolder)
    }
  }

  /// Names an image. A name that stood for another image stands for this one from now on.
  /// - Throws: `HostError`, `OCIError`.
  public func tag(_ descriptor: Descriptor, as reference: ImageReference) throws {
    let name = reference.withDefaultTag.description
    var named = descriptor
    named.annotations = (named.annotations ?? [:]).merging([Self.referenceNameAnnotation: name]) { _, new in new }
    try add([named])
  }

  /// Lists manifests in `index.json`, in place of what has the same name or, without a name, the same digest.
  /// - Throws: `HostError`, `OCIError`.
  public func add(_ manifests: [Descriptor]) throws {
    try prepare()
    try FileLock.hold(ingestFolder.appending("index.lock")) {
      var index = try names()
      for manifest in manifests {
        let name = manifest.annotations?[Self.referenceNameAnnotation]
        index.manifests.removeAll { known in
          let knownName = known.annotations?[Self.referenceNameAnnotation]
          return name == nil ? knownName == nil && known.digest == manifest.digest : knownName == name
        }
        index.manifests.append(manifest)
      }
      try Files.writeAtomically(try JSONDocument.encode(index), to: layout.appending("index.json"))
    }
  }

  /// Removes what only a store that is written to needs, so that nothing but the layout is left.
  /// - Throws: `HostError`.
  public func removeWorkFolder() throws { try Files.removeTree(ingestFolder) }

  /// What a name stands for; nil when the store has no image of that name.
  /// - Throws: `HostError`, `OCIError`.
  public func descriptor(named reference: ImageReference) throws -> Descriptor? {
    let name = reference.withDefaultTag.description
    return try names().manifests.first { $0.annotations?[Self.referenceNameAnnotation] == name }
  }

  /// The image of a layout as tools exchange it, where a name is a tag alone. Without a tag it is `latest`, or the only
  /// image that there is.
  /// - Throws: `OCIError` with the code `manifest-unknown`; `HostError`.
  public func descriptor(tagged tag: String?) throws -> Descriptor {
    let manifests = try names().manifests
    let named = manifests.first { $0.annotations?[Self.referenceNameAnnotation] == tag ?? "latest" }
    if let found = named ?? (tag == nil && manifests.count == 1 ? manifests.first : nil) { return found }
    let tags = manifests.compactMap { $0.annotations?[Self.referenceNameAnnotation] }
    throw OCIError(
      "manifest-unknown", "the image layout \(layout) has no image \(tag ?? "latest")",
      help: [tags.isEmpty ? "name it by its digest" : "it has \(tags.joined(separator: ", "))"])
  }

  /// `org.opencontainers.image.ref.name` (image-spec, annotations.md).
  public static let referenceNameAnnotation = "org.opencontainers.image.ref.name"

  /// Takes names away, and what is listed without a name by its digest. The images stay until they are pruned.
  /// - Throws: `HostError`, `OCIError`.
  public func untag(_ names: Set<String>) throws {
    guard try FileStatus.ifExists(layout.appending("index.json")) != nil else { return }
    try prepare()
    try FileLock.hold(ingestFolder.appending("index.lock")) {
      var index = try self.names()
      index.manifests.removeAll {
        names.contains($0.annotations?[Self.referenceNameAnnotation] ?? $0.digest.description)
      }
      try Files.writeAtomically(try JSONDocument.encode(index), to: layout.appending("index.json"))
    }
  }

  /// `index.json`: the images that have names.
  /// - Throws: `HostError`, `OCIError`.
  public func names() throws -> ImageIndex {
    let path = layout.appending("index.json")
    guard try FileStatus.ifExists(path) != nil else { return ImageIndex(manifests: []) }
    return try JSONDocument.decode(ImageIndex.self, from: Files.read(path), called: "index.json of the store")
  }
}

// MARK: - As a source and a destination

extension ContentStore: BlobSource {
  public func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    let path = path(of: descriptor.digest)
    guard try FileStatus.ifExists(path) != nil else {
      throw OCIError("blob-unknown", "\(descriptor.digest) is not in the store")
    }
    return BlobStream(VerifiedChunks(FileChunks(path: path), expected: descriptor))
  }
}

extension ContentStore: ImageSource {
  public func manifest(_ reference: ImageReference) async throws -> RawManifest {
    if let digest = reference.digest {
      guard contains(digest) else { throw OCIError("manifest-unknown", "there is no manifest \(digest) in \(layout)") }
      return try RawManifest(bytes: read(digest), mediaType: nil)
    }
    guard let descriptor = try descriptor(named: reference) else {
      throw OCIError("manifest-unknown", "the store has no image \(reference.familiarDescription)")
    }
    return try RawManifest(bytes: read(descriptor.digest), mediaType: descriptor.mediaType)
  }

  public func blobs(of reference: ImageReference) -> any BlobSource { self }
}
