public import OCI

/// An image that was built. Manifest and configuration are in the store; layers of the base may be elsewhere still.
public struct BuiltImage: Sendable {
  /// What it was asked to run on.
  public var platform: Platform
  public var manifest: RawManifest
  public var configDescriptor: Descriptor
  public var config: ImageConfig
  public var layers: [Layer]
  /// What it was put together from.
  let assembly: ImageAssembly
}

/// What a build made: an image, or images for several platforms under one index.
public struct BuildProduct: Sendable {
  /// One for each platform, in the order in which they were asked for.
  public let images: [BuiltImage]
  /// What names stand for: the manifest of the only image, or the index of all.
  public let top: RawManifest
  /// Of `top`, with the platform of an only image, and with the annotations that descriptors were given.
  public let descriptor: Descriptor
  /// The layers of all steps of the build, by the steps' keys: what a cache is made of.
  var results: [String: Layer] = [:]
  /// What a cache can be made of, too: the folders of cache mounts.
  var mounts: [Mount] = []

  struct Mount: Sendable {
    var identity: CacheFolders.Identity
    /// What an imported cache has of it.
    var imported: Layer?
    /// Whether a command of this build used it, so that the folder of the store is what counts.
    var isUsed = false
  }

  /// The layers of all steps, with those that no image has, and what imported caches have of cache mounts.
  public var cacheLayers: [Layer] { results.values + mounts.compactMap(\.imported) }

  /// The only image; nil when there are several.
  public var onlyImage: BuiltImage? { images.count == 1 ? images[0] : nil }

  private let annotations: ImageAnnotations

  /// Puts an index for several images into the store.
  init(_ images: [BuiltImage], _ annotations: ImageAnnotations, in store: ContentStore) throws {
    self.images = images
    self.annotations = annotations
    guard images.count != 1 else {
      let image = images[0]
      top = image.manifest
      var descriptor = image.manifest.descriptor
      descriptor.platform = image.config.platform
      descriptor.annotations = annotations[.manifestDescriptor, image.platform]
      self.descriptor = descriptor
      return
    }
    let manifests = images.map { image in
      var descriptor = image.manifest.descriptor
      descriptor.platform = image.platform
      descriptor.annotations = annotations[.manifestDescriptor, image.platform]
      return descriptor
    }
    top = try RawManifest(ImageIndex(manifests: manifests, annotations: annotations[.index, nil]))
    try store.store(top.bytes, mediaType: top.descriptor.mediaType)
    var descriptor = top.descriptor
    descriptor.annotations = annotations[.indexDescriptor, nil]
    self.descriptor = descriptor
  }

  /// The same images with their layers in another compression; their manifests are put into the store.
  public func converted(by conversion: LayerConversion) async throws -> BuildProduct {
    if images.flatMap(\.layers).allSatisfy(conversion.keeps) { return self }
    var images: [BuiltImage] = []
    for image in self.images {
      var assembly = image.assembly
      assembly.stack = try await conversion.converted(LayerStack(image.layers))
      images.append(try assembly.image(in: conversion.store))
    }
    var product = try BuildProduct(images, annotations, in: conversion.store.content)
    product.results = results
    return product
  }
}
