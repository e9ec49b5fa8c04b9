import BuildPlanning
import Diagnostics
import OCI
import SystemPackage

/// Images that `--build-context NAME=oci-layout://…` names. They are taken over into the store, so that what is built on
/// them does not depend on their folder any more.
struct LayoutImages: Sendable {
  let store: ContentStore
  /// Image layouts by the names of their contexts.
  let folders: [String: FilePath]

  /// - Throws: `OCIError` for an image that is not there or that is broken, `BlobMismatch`, `HostError`.
  func resolve(_ requirement: ImageRequirement, layout name: String) async throws -> ResolvedImage {
    guard let folder = folders[name] else {
      throw SlipwayError("missing-layout", "there is no image layout for the context \(name)", exitCode: .defect)
    }
    let layout = ContentStore(layout: folder)
    var reference = requirement.reference
    if reference.digest == nil { reference.digest = try layout.descriptor(tagged: reference.tag).digest }
    var image = try await layout.resolve(reference, platform: requirement.platform)
    for blob in [image.manifest.config] + image.manifest.layers { try await store.fetch(blob, from: layout) }
    image.blobs = store
    return image
  }
}
