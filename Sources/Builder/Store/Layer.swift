public import HostOS
public import OCI

/// A layer of an image that is being built, or of its base.
public struct Layer: Sendable {
  /// Of the blob, as it is or would be stored and sent.
  public var descriptor: Descriptor
  /// Of the uncompressed content.
  public var diffID: Digest
  /// When it was made; nil for layers of base images.
  public var created: Timestamp?
  /// Where the blob can be fetched when the store does not have it.
  public var origin: (any BlobSource)?
  /// The image that `origin` belongs to, for mounts between repositories.
  public var originReference: ImageReference?
  /// What people call the imported cache that offered it as the result of a step; nil for what was made here.
  public internal(set) var cacheName: String?

  public init(descriptor: Descriptor, diffID: Digest, created: Timestamp? = nil) {
    self.descriptor = descriptor
    self.diffID = diffID
    self.created = created
  }
}

/// Layers on top of each other, the lowest first: what a vertex of the graph stands for.
public struct LayerStack: Sendable {
  public var layers: [Layer]

  public init(_ layers: [Layer] = []) { self.layers = layers }

  /// - Parameter blobs: the blobs beside an image of any registry.
  init(of image: ResolvedImage, in store: BuildStore, blobs: (ImageReference) -> any BlobSource) {
    layers = zip(image.manifest.layers, image.config.rootfs.diffIDs).map { descriptor, diffID in
      var layer = Layer(descriptor: descriptor, diffID: diffID)
      layer.origin = image.blobs
      layer.originReference = image.reference
      // An image of the store need not have all its layers there.
      if !store.content.contains(descriptor), let origin = store.origin(of: descriptor.digest) {
        layer.origin = blobs(origin)
        layer.originReference = origin
      }
      return layer
    }
  }

  /// Nil for the empty tree.
  public var chainID: ChainID? { ChainID(layers.map(\.diffID)) }

  /// The stack up to and including the layer at `index`.
  func prefix(through index: Int) -> LayerStack { LayerStack(Array(layers[...index])) }
}
