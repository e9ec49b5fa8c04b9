import Archive
import HostOS
import NIOCore
public import OCI
public import SystemPackage

/// The forms of images in one file.
public enum ImageArchiveFormat: String, Sendable, CaseIterable {
  /// An OCI image layout (image-spec, image-layout.md).
  case oci
  /// The same with a `manifest.json`, for `docker load` and `podman load`.
  case docker
}

/// An image, or an index of images, on its way into an archive.
public struct ArchivedImage: Sendable {
  public var tree: ImageTree
  /// What `index.json` says of it, one for each name.
  public var entries: [Descriptor]
  /// What docker calls it: `app:latest`.
  public var dockerNames: [String]
  /// Of several images, the one for this machine, since docker gets to see one only.
  let dockerImage: ImageManifest?

  /// - Parameters:
  ///   - descriptor: of the top of the tree, with what is to be said of it.
  ///   - names: none for an image without a name.
  public init(_ tree: ImageTree, as descriptor: Descriptor, names: [ImageReference]) {
    self.tree = tree
    entries = names.isEmpty ? [descriptor] : names.map(descriptor.named)
    dockerNames = names.map(\.withDefaultTag.familiarDescription)
    dockerImage = tree.image(for: .host)
  }
}

extension Descriptor {
  /// As layouts that are handed on list an image, one entry a name: the tag alone, and the whole name as containerd and
  /// BuildKit write it.
  public func named(_ name: ImageReference) -> Descriptor {
    let tagged = name.withDefaultTag
    var named = self
    named.annotations = named.annotations ?? [:]
    named.annotations?["io.containerd.image.name"] = tagged.description
    named.annotations?[ContentStore.referenceNameAnnotation] = tagged.tag
    return named
  }
}

/// Images as one tar file. The bytes depend on images and names alone.
public struct ImageArchive: Sendable {
  private enum Content {
    case bytes([UInt8])
    /// A blob on this machine.
    case file(FilePath, size: Int64)
    /// One that is fetched while it is written.
    case fetched(Descriptor)
  }

  private let images: [ArchivedImage]
  private let format: ImageArchiveFormat
  private let blobs: any BlobSource
  private let file: @Sendable (Descriptor) -> FilePath?

  /// - Parameters:
  ///   - blobs: where those are read that are not on this machine.
  ///   - file: where a blob lies that is.
  public init(
    _ images: [ArchivedImage], format: ImageArchiveFormat, blobs: any BlobSource,
    file: @escaping @Sendable (Descriptor) -> FilePath?
  ) {
    self.images = images
    self.format = format
    self.blobs = blobs
    self.file = file
  }

  /// Writes it. Blobs that have to be fetched go there as they come, and nothing is kept of them.
  /// - Parameter progress: told of the bytes that were fetched.
  /// - Throws: `HostError`, `BlobMismatch`, the source's errors. Then a file is not there.
  public func write(to target: ExportTarget, progress: @Sendable (Int64) -> Void = { _ in }) async throws {
    let contents = try contents
    let fetched = contents.compactMap { content in
      if case .fetched(let descriptor) = content.content { descriptor } else { nil }
    }
    let stream = BlobStream(BlobsInARow(source: blobs, descriptors: fetched))
    try await stream.reading(progress: progress) { reader in
      try target.write { sink in
        let writer = try LayerWriter(to: sink, options: .init(compression: .none))
        for (path, content) in contents { try Self.append(path, content, reader, to: writer) }
        _ = try writer.finish()
        // What was fetched is verified at its end, and nothing gets its name before.
        try reader.finish()
      }
    }
  }

  /// Of what is fetched, in bytes.
  public var fetchedSize: Int64 {
    ImageTree.blobs(of: manifests).reduce(0) { file($1) == nil ? $0 + $1.size : $0 }
  }

  private var manifests: [RawManifest] { images.flatMap(\.tree.manifests) }

  /// All files, sorted by their paths.
  private var contents: [(path: String, content: Content)] {
    get throws {
      var files: [String: Content] = [:]
      for blob in ImageTree.blobs(of: manifests) {
        files[Self.path(of: blob)] = file(blob).map { .file($0, size: blob.size) } ?? .fetched(blob)
      }
      for manifest in manifests { files[Self.path(of: manifest.descriptor)] = .bytes(manifest.bytes) }
      files["index.json"] = .bytes(try JSONDocument.encode(ImageIndex(manifests: images.flatMap(\.entries))))
      if format == .docker {
        files["manifest.json"] = .bytes(try JSONDocument.encode(images.compactMap(DockerManifest.init)))
      }
      files["oci-layout"] = .bytes(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
      return files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
  }

  fileprivate static func path(of descriptor: Descriptor) -> String {
    "blobs/\(descriptor.digest.algorithm)/\(descriptor.digest.hex)"
  }

  private static func append(
    _ path: String, _ content: Content, _ reader: BlobReader, to writer: LayerWriter
  ) throws {
    guard let path = TreePath(path) else { return }
    func entry(_ size: Int64) -> TreeEntry {
      TreeEntry(path: path, kind: .file(size: size), mode: 0o644, modificationTime: Timestamp(seconds: 0))
    }
    switch content {
    case .bytes(let bytes): try writer.append(entry(Int64(bytes.count)), content: bytes)
    case .file(let file, let size):
      try Files.withDescriptor(file, .readOnly) { try writer.append(entry(size), content: $0) }
    case .fetched(let descriptor):
      var left = descriptor.size
      try writer.append(entry(left)) { buffer in
        let count = Int(min(Int64(buffer.count), left))
        if count == 0 { return 0 }
        let step = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        left -= Int64(step)
        return step
      }
    }
  }
}

extension DockerManifest {
  fileprivate init?(_ image: ArchivedImage) {
    guard let manifest = image.dockerImage else { return nil }
    config = ImageArchive.path(of: manifest.config)
    repoTags = image.dockerNames.isEmpty ? nil : image.dockerNames
    layers = manifest.layers.map(ImageArchive.path)
  }
}

/// Blobs one after the other, each verified at its end.
private struct BlobsInARow: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let source: any BlobSource
  let descriptors: [Descriptor]

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source, left: descriptors[...]) }

  struct AsyncIterator: AsyncIteratorProtocol {
    let source: any BlobSource
    var left: ArraySlice<Descriptor>
    var current: BlobStream.AsyncIterator?

    init(source: any BlobSource, left: ArraySlice<Descriptor>) {
      self.source = source
      self.left = left
    }

    mutating func next() async throws -> ByteBuffer? {
      while true {
        if let chunk = try await current?.next() { return chunk }
        guard let descriptor = left.popFirst() else { return nil }
        current = try await source.blob(descriptor).verified(as: descriptor).makeAsyncIterator()
      }
    }
  }
}
