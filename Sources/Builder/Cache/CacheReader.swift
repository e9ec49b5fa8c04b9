import Diagnostics
import OCI

/// Reads what caches offer: manifests and documents, no layers.
struct CacheReader: Sendable {
  /// What is built for; images of an index for others are not read.
  let platforms: [Platform]
  let progress: ProgressReporter

  /// All of them side by side; what the first ones offer wins. One that cannot be read is a warning.
  /// - Throws: `CancellationError`.
  func read(_ sources: [CacheSource]) async throws -> CacheImports {
    let offers = try await withThrowingTaskGroup(
      of: (Int, CacheImports).self, returning: [Int: CacheImports].self
    ) { group in
      for (number, source) in sources.enumerated() {
        group.addTask { (number, try await self.offers(of: source)) }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    var imports = CacheImports()
    for (_, offered) in offers.sorted(by: { $0.key < $1.key }) { imports.add(offered) }
    return imports
  }

  private func offers(of source: CacheSource) async throws -> CacheImports {
    do {
      return try await progress.step("importing cache from \(source.name)") { step in
        let offered = try await read(source)
        step.log(offered.description)
        return offered
      }
    } catch {
      try Task.checkCancellation()
      progress.report(Self.warning(source, error))
      return CacheImports()
    }
  }

  private static func warning(_ source: CacheSource, _ error: any Error) -> Diagnostic {
    let reasons = (error as? any DiagnosticError)?.diagnostics ?? []
    return .warning(
      "cache-not-imported", "the cache \(source.name) cannot be used, so steps may run that it has results of",
      notes: reasons.map { .init($0.message) } + reasons.flatMap(\.notes), help: reasons.flatMap(\.help))
  }

  // MARK: Documents

  /// A manifest, and where what it names is.
  private struct Origin {
    var images: any ImageSource
    var reference: ImageReference
    /// What layers are known to come from; nil for folders, which may go at any time.
    var shared: ImageReference?
    var name: String
  }

  private func read(_ source: CacheSource) async throws -> CacheImports {
    let origin = try Self.origin(of: source)
    let top = try await origin.images.manifest(origin.reference)
    switch top.content {
    case .image(let manifest):
      guard let offered = try await read(manifest, origin) else { throw Self.none(source) }
      return offered
    case .index(let index):
      var (imports, isFound) = (CacheImports(), false)
      for descriptor in index.manifests where isWanted(descriptor) {
        let child = try await origin.images.manifest(origin.reference.with(digest: descriptor.digest))
        guard case .image(let manifest) = child.content, let offered = try await read(manifest, origin) else {
          continue
        }
        imports.add(offered)
        isFound = true
      }
      guard isFound else { throw Self.none(source) }
      return imports
    }
  }

  private static func origin(of source: CacheSource) throws -> Origin {
    switch source.place {
    case .registry(let images, let reference):
      return Origin(images: images, reference: reference, shared: reference, name: source.name)
    case .layout(let folder, let tag, let digest):
      let layout = ContentStore(layout: folder)
      let digest = try digest ?? layout.descriptor(tagged: tag).digest
      let reference = ImageReference(registry: "oci-layout", repository: "cache", digest: digest)
      return Origin(images: layout, reference: reference, shared: nil, name: source.name)
    }
  }

  private func isWanted(_ descriptor: Descriptor) -> Bool {
    guard descriptor.mediaType.isImageManifest, !descriptor.isAttestation else { return false }
    guard let theirs = descriptor.platform else { return true }
    return platforms.contains { $0.distance(to: theirs) != nil }
  }

  /// Nil when the image has no cache inside.
  private func read(_ manifest: ImageManifest, _ origin: Origin) async throws -> CacheImports? {
    let blobs = origin.images.blobs(of: origin.reference)
    let bytes = try await blobs.readWhole(manifest.config)
    let document = try JSONDocument.decode(CacheDocument.self, from: bytes, called: "cache document")
    guard let cache = document.cache else { return nil }
    guard cache.version == CacheDocument.Records.currentVersion else {
      throw BuilderError(
        "cache-version", "the cache \(origin.name) is of version \(cache.version), and only version 1 is read",
        help: ["export it again, or use a newer slipway"])
    }
    guard let diffIDs = document.rootfs?.diffIDs, diffIDs.count == manifest.layers.count else {
      throw BuilderError(
        "invalid-cache", "the cache \(origin.name) does not say what its layers are", help: ["export it again"])
    }
    var layers: [Digest: Layer] = [:]
    for (descriptor, diffID) in zip(manifest.layers, diffIDs) where descriptor.mediaType.isLayer {
      var layer = Layer(
        descriptor: Descriptor(
          mediaType: descriptor.mediaType.ociEquivalent, digest: descriptor.digest, size: descriptor.size),
        diffID: diffID)
      layer.origin = blobs
      layer.originReference = origin.shared
      layer.cacheName = origin.name
      layers[diffID] = layer
    }
    var imports = CacheImports()
    for record in cache.records {
      guard var layer = layers[record.diffID] else { continue }
      layer.created = record.created
      imports.add(layer, for: record.key)
    }
    for record in cache.mounts ?? [] {
      guard let layer = layers[record.diffID] else { continue }
      imports.add(OfferedMount(identity: record.identity, layer: layer))
    }
    return imports
  }

  private static func none(_ source: CacheSource) -> BuilderError {
    BuilderError(
      "no-cache", "\(source.name) has no cache of slipway inside",
      help: ["write it with --cache-to type=registry,ref=NAME, or put it into the image: --cache-to type=inline"])
  }
}
