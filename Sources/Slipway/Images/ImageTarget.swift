import Builder
import Diagnostics
import Images
import OCI
import Registry

/// Where an image goes, other than into an archive.
struct ImageTarget: Sendable {
  var destination: any ImageDestination
  /// Gives an image its name, when all of it is there.
  var publish: @Sendable (RawManifest) async throws -> Void
  /// Makes known what refers to an image.
  var publishReferrer: @Sendable (RawManifest) async throws -> Void
  /// What is answered on standard output: `NAME@DIGEST`.
  var answer: @Sendable (Digest) -> String
}

extension ImageAccess {
  /// - Parameters:
  ///   - tree: what goes there.
  ///   - source: where it comes from.
  /// - Throws: `SlipwayError` for a place that images cannot go to.
  func target(_ place: ImagePlace, for tree: ImageTree, from source: ImagePlace) throws -> ImageTarget {
    switch place {
    case .registry(let name), .named(let name): try target(registry: name, for: tree, from: source)
    case .store(let name): target(store: name)
    case .layout(let location): try target(location)
    case .stored, .archive: throw Self.unusable(place, "it is no place to write to")
    }
  }

  private func target(
    registry name: ImageReference, for tree: ImageTree, from source: ImagePlace
  ) throws -> ImageTarget {
    if let digest = name.digest, digest != tree.top.descriptor.digest {
      throw Self.unusable(.registry(name), "the image has another digest, \(tree.top.descriptor.digest)")
    }
    var repository = registry.repository(name)
    switch source {
    case .registry(let other) where other.registry == name.registry && other.repository != name.repository:
      repository.mountsFirst = true
      for blob in tree.blobs { repository.mountable[blob.digest] = other.repository }
    case .store, .stored: repository.mountable = try store.repositories(of: tree.blobs, beside: name)
    default: break
    }
    let target = repository
    return ImageTarget(
      destination: target, publish: { try await target.write($0, tag: name.tag) },
      publishReferrer: { try await target.write($0, tag: nil) }, answer: { "\(name.familiarName)@\($0)" })
  }

  private func target(store name: ImageReference) -> ImageTarget {
    let intake = ImageIntake(store)
    return ImageTarget(
      destination: intake, publish: { try await intake.write($0, tag: name.description) },
      publishReferrer: { _ in
        throw SlipwayError(
          "referrers-without-place", "the store does not keep what refers to images",
          help: ["copy it to a registry or to an image layout: oci:PATH"])
      }, answer: { "\(name.familiarName)@\($0)" })
  }

  private func target(_ location: LayoutLocation) throws -> ImageTarget {
    guard location.digest == nil else {
      throw Self.unusable(.layout(location), "a digest is that of what is written")
    }
    let layout = ContentStore(layout: location.path)
    return ImageTarget(
      destination: layout,
      publish: { manifest in
        try await layout.write(manifest, tag: location.tag)
        if location.tag == nil { try layout.add([manifest.descriptor]) }
        try layout.removeWorkFolder()
      },
      publishReferrer: { manifest in
        try await layout.write(manifest, tag: nil)
        try layout.add([manifest.asReferrer])
      }, answer: { digest in "\(location)@\(digest)" })
  }

  private static func unusable(_ place: ImagePlace, _ reason: String) -> SlipwayError {
    SlipwayError("invalid-place", "an image cannot be written to \(place): \(reason)", help: [ImagePlace.forms])
  }
}
