import Builder
import Diagnostics
import OCI
import Registry

/// The images of the store, with the layers that it left where they were: of images that were built, base layers that no
/// step had to look into.
struct StoredImages: ImageSource, ReferrerSource {
  let store: BuildStore
  let registry: RegistryClient

  func manifest(_ reference: ImageReference) async throws -> RawManifest {
    do { return try await store.content.manifest(reference) } catch let error as OCIError {
      guard error.diagnostic.code == "manifest-unknown" else { throw error }
      throw SlipwayError(
        "image-unknown", "there is no image \(reference.familiarDescription) in the store",
        help: [try hint(reference)], exitCode: .failure)
    }
  }

  func blobs(of reference: ImageReference) -> any BlobSource { StoredBlobs(store: store, registry: registry) }

  func referrers(of digest: Digest, in reference: ImageReference) async throws -> [Descriptor] {
    try await store.content.referrers(of: digest, in: reference)
  }

  private func hint(_ reference: ImageReference) throws -> String {
    let names = try store.content.imageNames().map(\.familiarDescription)
    if let near = Suggestion.nearest(to: reference.familiarDescription, in: names) { return "did you mean \(near)?" }
    return "build it with --tag, pull it, or load it; slipway ls shows what is there"
  }
}

/// Blobs of the store, and of the registries where it left them.
struct StoredBlobs: BlobSource {
  let store: BuildStore
  let registry: RegistryClient

  func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    if store.content.contains(descriptor) { return try await store.content.blob(descriptor) }
    guard let origin = store.origin(of: descriptor.digest) else {
      throw SlipwayError(
        "layer-gone", "the store does not have \(descriptor.digest), and does not know where it is",
        help: ["build, pull or load the image again"], exitCode: .failure)
    }
    return try await registry.blobs(of: origin).blob(descriptor)
  }
}

extension ContentStore {
  /// The names of all images, sorted.
  /// - Throws: `HostError`, `OCIError`.
  func imageNames() throws -> [ImageReference] {
    try names().manifests.compactMap { descriptor in
      descriptor.annotations?[Self.referenceNameAnnotation].flatMap { try? ImageReference(parsing: $0) }
    }.sorted { $0.description < $1.description }
  }
}
