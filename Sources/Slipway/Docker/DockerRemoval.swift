import OCI

/// `docker rmi`: images lose their names. Their blobs stay until `slipway prune`.
public struct DockerRemoval: Sendable {
  private let images: DockerImages

  public init(_ bench: Workbench) { images = DockerImages(bench) }

  /// - Returns: the lines that docker writes.
  /// - Throws: `DockerError`, `HostError`, `OCIError`.
  public func remove(_ text: String, force: Bool) throws -> [String] {
    let image = try images.image(text)
    let named = image.names.filter { $0.description == Self.fullName(text) }
    // By one of several names, that name goes alone.
    let going = named.isEmpty ? image.names : named
    if named.isEmpty, Set(going.map(\.name)).count > 1, !force {
      throw DockerError.daemon(
        "conflict: unable to delete \(image.id.short) (must be forced) - image is referenced in multiple repositories")
    }
    try images.untag(image, going)
    var lines = going.map { "Untagged: \($0.familiarDescription)" }
    if going.count == image.names.count {
      lines += Set(going.map(\.familiarName)).sorted().map { "Untagged: \($0)@\(image.top.digest)" }
      lines.append("Deleted: \(image.id)")
    }
    return lines
  }

  /// Removes images without names, or all of them.
  /// - Returns: the lines that docker writes.
  public func prune(all: Bool) throws -> [String] {
    try images.all().filter { all || $0.names.isEmpty }.flatMap { image in
      try images.untag(image, image.names)
      return image.names.map { "untagged: \($0.familiarDescription)" } + ["deleted: \(image.id)"]
    }
  }

  private static func fullName(_ text: String) -> String? {
    guard let name = try? ImageReference(parsing: text), name.digest == nil else { return nil }
    return name.withDefaultTag.description
  }
}
