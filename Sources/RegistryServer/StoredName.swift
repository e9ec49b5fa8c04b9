import OCI

/// What the name of an image in a store means to those who pull it.
///
/// Pushed images are called `localhost/REPOSITORY:TAG` and `localhost/REPOSITORY@DIGEST`, so that nobody can give
/// builds on this machine another base than the one that their name means.
struct StoredName: Sendable {
  /// As it stands in the store.
  var text: String
  var repository: String
  /// Nil for an image that is known by its digest only.
  var tag: String?
  /// Of several images with the same repository and tag the lowest is served.
  var rank: Int

  private static let registry = "localhost"
  /// What containerd calls an image in an archive (containerd, images/annotations.go).
  private static let containerdName = "io.containerd.image.name"

  static func tagged(_ tag: String, in repository: String) -> String { "\(registry)/\(repository):\(tag)" }
  static func untagged(_ digest: Digest, in repository: String) -> String { "\(registry)/\(repository)@\(digest)" }

  /// - Parameter folderName: what an image is called that has a tag alone, or no name.
  init(_ descriptor: Descriptor, folderName: String) {
    let name = descriptor.annotations?[ContentStore.referenceNameAnnotation]
    let written = descriptor.annotations?[Self.containerdName] ?? name ?? ""
    text = name ?? ""
    guard !Route.isTag(written), let reference = try? ImageReference(parsing: written) else {
      (repository, tag, rank) = (folderName, Route.isTag(text) ? text : nil, 1)
      return
    }
    tag = reference.digest == nil ? reference.withDefaultTag.tag : nil
    if reference.registry == Self.registry {
      (repository, rank) = (reference.repository, 0)
    } else if reference.isLoopback {
      (repository, rank) = (reference.repository, 1)
    } else if reference.registry == "docker.io" {
      (repository, rank) = (reference.repository, 2)
    } else {
      // A port cannot be part of a path.
      (repository, rank) = ("\(reference.registry.prefix { $0 != ":" })/\(reference.repository)", 3)
    }
  }

  /// All repositories that the image is found in: Docker's official images also under their short names.
  var repositories: [String] {
    guard rank == 2, repository.hasPrefix("library/") else { return [repository] }
    return [repository, String(repository.dropFirst("library/".count))]
  }
}
