public import OCI

/// Which images of an index are meant.
public enum PlatformSelection: Sendable, Hashable {
  /// All of them, with what belongs to them.
  case all
  /// The one that runs best here; an image that is no index is taken as it is.
  case best(for: Platform)
  /// The ones for these platforms, each of which has to be there.
  case only([Platform])
}

extension PlatformSelection {
  /// What is left of an image: one image of an index, an index of several, or what there was.
  /// - Parameter name: for messages.
  /// - Throws: `OCIError` with the code `no-matching-platform`.
  func choice(of top: RawManifest, name: String) throws -> Choice {
    guard case .index(let index) = top.content else { return .unchanged }
    let platforms: [Platform]
    switch self {
    case .all: return .unchanged
    case .best(let platform): platforms = [platform]
    case .only(let wanted): platforms = wanted
    }
    var chosen: [Digest] = []
    for platform in platforms {
      guard let descriptor = index.manifest(for: platform) else {
        throw OCIError.noImage(in: index, for: platform, of: name)
      }
      if !chosen.contains(descriptor.digest) { chosen.append(descriptor.digest) }
    }
    if chosen.count == 1 { return .image(chosen[0]) }
    return try index.keeping(Set(chosen)).map { .index($0) } ?? .unchanged
  }

  enum Choice: Sendable {
    case unchanged
    case image(Digest)
    /// An index of its own, with another digest.
    case index(RawManifest)
  }
}

extension ImageIndex {
  /// The same with some of its images and their attestations only; nil when that is all there is.
  /// - Throws: `EncodingError`.
  func keeping(_ digests: Set<Digest>) throws -> RawManifest? {
    var index = self
    index.manifests.removeAll { descriptor in
      let subject = descriptor.isAttestation ? descriptor.annotations?["vnd.docker.reference.digest"] : nil
      return !digests.contains(subject.flatMap { Digest($0) } ?? descriptor.digest)
    }
    return index.manifests == manifests ? nil : try RawManifest(index)
  }
}
