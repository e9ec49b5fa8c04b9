import Diagnostics
import Images
import OCI
import SystemPackage

/// Brings an image from one place to another, as it is.
struct ImageCopy: Sendable {
  let access: ImageAccess
  let source: ImagePlace
  let selection: PlatformSelection
  let options: ImageOptions

  /// What became of it.
  struct Result: Sendable {
    var tree: ImageTree
    var answer: String
  }

  /// - Parameter title: of the step.
  /// - Throws: the errors of source and destination.
  func run(to place: ImagePlace, title: String) async throws -> Result {
    try await access.bench.progress.step(title) { step in
      try await access.withImage(at: source) { image in
        let tree = try await image.tree(selection)
        if case .archive(let format, let location) = place {
          try refuseReferrers(place)
          try await write(image, tree, format, to: location, step)
          return Result(tree: tree, answer: "\(place)@\(tree.top.descriptor.digest)")
        }
        let target = try access.target(place, for: tree, from: source)
        if case .registry(let name) = place { try await access.create([name], options.creation) }
        let transfer = options.transfer(to: target.destination)
        try await transfer.send(tree, from: image.blobs, step)
        try await target.publish(tree.top)
        if options.includesReferrers {
          let referrers = ReferrerTransfer(transfer, from: image.source, publish: target.publishReferrer)
          let count = try await referrers.send(to: tree, of: image.reference, step)
          step.log("\(count) referrers")
        }
        return Result(tree: tree, answer: target.answer(tree.top.descriptor.digest))
      }
    }
  }

  private func refuseReferrers(_ place: ImagePlace) throws {
    guard options.includesReferrers else { return }
    throw SlipwayError(
      "referrers-without-place", "\(place) does not take what refers to images",
      help: ["copy it to a registry or to an image layout: oci:PATH"])
  }

  /// Writes an archive of one image that is called as the place says.
  private func write(
    _ image: OpenedImage, _ tree: ImageTree, _ format: ImageArchiveFormat, to location: ImagePlace.ArchiveLocation,
    _ step: ProgressStep
  ) async throws {
    var archived = ArchivedImage(tree, as: tree.top.descriptor, names: image.names.filter { $0.digest == nil })
    if let name = location.name {
      // A tag alone is what skopeo writes, and reads again.
      let own = name.contains { ":/".contains($0) } || format == .docker ? try ImageReference(parsing: name) : nil
      archived = ArchivedImage(tree, as: tree.top.descriptor, names: own.map { [$0.withDefaultTag] } ?? [])
      if own == nil { archived.entries[0].annotations = [ContentStore.referenceNameAnnotation: name] }
    }
    try await access.write([archived], of: [image], format, to: location.path, step)
  }
}

extension ImageAccess {
  /// Writes an archive; to standard output without a path.
  func write(
    _ archived: [ArchivedImage], of images: [OpenedImage], _ format: ImageArchiveFormat, to path: FilePath?,
    _ step: ProgressStep
  ) async throws {
    let sources = zip(archived, images).map { ($0.tree, $1) }
    let archive = ImageArchive(archived, format: format, blobs: BlobsOfImages(sources)) { blob in
      images.lazy.compactMap { $0.file(blob) }.first
    }
    let size = archive.fetchedSize
    try await archive.write(to: path.map { .file($0) } ?? .descriptor(bench.output)) { count in
      step.transferred("layers", completed: count, of: size)
    }
  }
}

/// Blobs of several images, each at its own source.
private struct BlobsOfImages: BlobSource {
  private var sources: [Digest: any BlobSource] = [:]

  init(_ images: [(ImageTree, OpenedImage)]) {
    for (tree, image) in images {
      for blob in tree.blobs where sources[blob.digest] == nil { sources[blob.digest] = image.blobs }
    }
  }

  func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    guard let source = sources[descriptor.digest] else {
      throw SlipwayError("blob-unknown", "nobody has \(descriptor.digest)", exitCode: .failure)
    }
    return try await source.blob(descriptor)
  }
}
