import Archive
import Builder
import Diagnostics
import HostOS
import Images
import OCI
import Registry
import SystemPackage

/// An image that can be read, wherever it is.
struct OpenedImage: Sendable {
  var source: any ImageSource & ReferrerSource
  /// What it is called at its source.
  var reference: ImageReference
  /// What it is called elsewhere: none for what has no whole name.
  var names: [ImageReference]
  /// Where a blob lies, if that is on this machine.
  var file: @Sendable (Descriptor) -> FilePath? = { _ in nil }

  var blobs: any BlobSource { source.blobs(of: reference) }

  func tree(_ selection: PlatformSelection = .all) async throws -> ImageTree {
    try await ImageTree(of: reference, in: source, selecting: selection)
  }
}

/// What the use cases of images reach them by.
struct ImageAccess: Sendable {
  let bench: Workbench
  let registry: RegistryClient
  private let ecr: ECRCredentials

  /// - Throws: `RegistryError` when what describes registries cannot be used.
  init(_ bench: Workbench) throws {
    self.bench = bench
    ecr = bench.ecrCredentials()
    registry = try bench.registryClient(bench.credentials(ecr))
  }

  var store: BuildStore { bench.store }
  var storedImages: StoredImages { StoredImages(store: store, registry: registry) }

  /// Makes repositories of Amazon ECR that are missing.
  func create(_ names: [ImageReference], _ creation: RepositoryCreation?) async throws {
    try await creation?.make(names, ecr, bench.progress)
  }

  /// Keeps what is in the store there, where one of the places is in it.
  func holdingStore<Result>(for places: [ImagePlace], _ body: () async throws -> Result) async throws -> Result {
    let use = places.contains(where: \.usesStore) ? try await StoreUse(of: store) : nil
    defer { use?.end() }
    return try await body()
  }

  // MARK: Sources

  /// Opens an image for the time of `body`.
  /// - Throws: what opening takes, and what `body` throws.
  func withImage<Result: Sendable>(
    at place: ImagePlace, _ body: (OpenedImage) async throws -> Result
  ) async throws -> Result {
    switch place {
    case .registry(let name): return try await body(OpenedImage(source: registry, reference: name, names: [name]))
    case .store(let name): return try await body(stored(name, names: [name]))
    case .stored(let digest):
      let name = ImageReference(registry: "store", repository: "image").with(digest: digest)
      return try await body(stored(name, names: []))
    case .named(let name):
      let isStored = try name.digest == nil && store.content.descriptor(named: name) != nil
      return try await withImage(at: isStored ? .store(name) : .registry(name), body)
    case .layout(let location):
      let layout = ContentStore(layout: location.path)
      return try await body(opened(try location.reference(in: layout), in: layout, names: []))
    case .archive(_, let location): return try await withArchive(location, place, body)
    }
  }

  private func stored(_ name: ImageReference, names: [ImageReference]) -> OpenedImage {
    var image = opened(name, in: store.content, names: names)
    image.source = storedImages
    return image
  }

  private func opened(_ name: ImageReference, in layout: ContentStore, names: [ImageReference]) -> OpenedImage {
    OpenedImage(source: layout, reference: name, names: names) { blob in
      layout.contains(blob) ? layout.path(of: blob.digest) : nil
    }
  }

  /// An archive is read whole first, into a layout that goes with `body`.
  private func withArchive<Result: Sendable>(
    _ location: ImagePlace.ArchiveLocation, _ place: ImagePlace, _ body: (OpenedImage) async throws -> Result
  ) async throws -> Result {
    // Before anything is made for it.
    if let path = location.path { _ = try FileStatus(following: path) }
    let work = try store.makeWorkFolder()
    defer { try? Files.removeTree(work) }
    let layout = ContentStore(layout: work.appending("layout"))
    let name = location.path?.string ?? "standard input"
    let images = try await bench.progress.step("reading \(name)") { _ in
      try await read(location.path, into: layout)
    }
    let image = try Self.choice(of: images, location.name, name)
    let reference = ImageReference(registry: "archive", repository: "image").with(digest: image.descriptor.digest)
    return try await body(opened(reference, in: layout, names: image.names))
  }

  /// Takes the images of an archive over into a layout; of standard input without a path.
  func read(_ path: FilePath?, into layout: ContentStore) async throws -> [LoadedImage] {
    let input = bench.input
    return try await Blocking.run {
      let reader = ArchiveReader(into: layout, name: path?.string ?? "standard input")
      guard let path else { return try reader.read(FileByteSource(input)) }
      return try Files.withDescriptor(path, .readOnly) { try reader.read(FileByteSource($0, path: path)) }
    }
  }

  private static func choice(of images: [LoadedImage], _ name: String?, _ archive: String) throws -> LoadedImage {
    let wanted = name.flatMap { try? ImageReference(parsing: $0).withDefaultTag }
    let found = images.filter { image in
      guard let name else { return true }
      return image.tags.contains(name) || image.names.contains { $0 == wanted || $0.tag == name }
        || image.descriptor.digest.description == name
    }
    if found.count == 1 { return found[0] }
    let names = images.flatMap { image in
      image.names.isEmpty && image.tags.isEmpty
        ? [image.descriptor.digest.description] : image.names.map(\.familiarDescription) + image.tags
    }
    throw SlipwayError(
      "image-unknown",
      name.map { "\(archive) has no image \($0), or several" } ?? "\(archive) has \(images.count) images",
      help: ["say which one, behind a colon: it has \(names.joined(separator: ", "))"])
  }
}
