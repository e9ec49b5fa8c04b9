import HostOS
import OCI
import SystemPackage

/// What a store holds, thing by thing.
public struct StoreUsage: Sendable {
  /// A thing with all that removing it takes.
  struct Entry: Sendable {
    var item: StoreItem
    /// What makes the thing be there.
    var path: FilePath
    /// Whose holder keeps it; nil where holding the whole store does.
    var lock: FilePath?
    /// What goes after it.
    var companion: FilePath?
    /// What a record stands for.
    var blob: Digest?
  }

  let entries: [Entry]
  let images: StoreImages
  /// Whether builds are running, which may need anything.
  public let isInUse: Bool

  public var items: [StoreItem] { entries.map(\.item) }
  /// In bytes.
  public var size: Int64 { items.reduce(0) { $0 + $1.size } }
  /// What `prune` would free, in bytes.
  public var reclaimable: Int64 { items.reduce(0) { $0 + ($1.isReclaimable ? $1.size : 0) } }

  /// Looks through a store; nothing in it changes. Blocks.
  /// - Throws: `HostError`; `OCIError` when the names of the images cannot be read.
  public init(of store: BuildStore) throws { try self.init(of: store, isInUse: store.isInUse) }

  init(of store: BuildStore, isInUse: Bool) throws {
    self.isInUse = isInUse
    images = try StoreImages(in: store.content)
    var scan = StoreScan(store: store, images: images, isInUse: isInUse)
    try scan.run()
    entries = scan.entries
  }
}

/// What the images that have names in a store need of it.
struct StoreImages: Sendable {
  struct Image: Sendable {
    var name: String
    var digest: Digest
    var blobs: Set<Digest> = []
    var diffIDs: Set<Digest> = []
  }

  private var images: [Image] = []

  init(in store: ContentStore) throws {
    images = try store.names().manifests.map { descriptor in
      let name = descriptor.annotations?[ContentStore.referenceNameAnnotation] ?? descriptor.digest.description
      var image = Image(name: name, digest: descriptor.digest)
      Self.collect(descriptor, in: store, &image)
      return image
    }
  }

  /// What is not here or damaged needs nothing else.
  private static func collect(_ descriptor: Descriptor, in store: ContentStore, _ image: inout Image) {
    guard image.blobs.insert(descriptor.digest).inserted, let bytes = try? store.read(descriptor.digest),
      let manifest = try? RawManifest(bytes: bytes, mediaType: descriptor.mediaType)
    else { return }
    switch manifest.content {
    case .index(let index):
      for child in index.manifests { collect(child, in: store, &image) }
    case .image(let manifest):
      image.blobs.formUnion(manifest.layers.map(\.digest) + [manifest.config.digest])
      if let bytes = try? store.read(manifest.config.digest),
        let config = try? JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration")
      {
        image.diffIDs.formUnion(config.rootfs.diffIDs)
      }
    }
  }

  /// Which of them need a blob.
  func names(needing blob: Digest) -> [String] { images.filter { $0.blobs.contains(blob) }.map(\.name) }

  /// Which of them have a layer.
  func names(having diffID: Digest) -> [String] { images.filter { $0.diffIDs.contains(diffID) }.map(\.name) }

  /// Each name with the manifest or index that it stands for.
  var names: [(name: String, digest: Digest)] { images.map { ($0.name, $0.digest) } }
}
