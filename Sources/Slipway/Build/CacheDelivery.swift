import BuildPlanning
import Builder
import Diagnostics
import OCI
import Registry

/// Brings the results of a build's steps to where later builds look for them.
struct CacheDelivery: Sendable {
  let product: BuildProduct
  let settings: BuildSettings
  let bench: Workbench
  let registry: RegistryClient

  /// - Throws: what writing throws, unless the option has it that the build is a success nevertheless.
  func deliver(_ option: CacheExportOption) async throws {
    do { try await write(option) } catch {
      guard option.ignoresErrors, !(error is CancellationError) else { throw error }
      let reasons = (error as? any DiagnosticError)?.diagnostics ?? []
      bench.progress.report(
        .warning(
          "cache-not-exported", "the cache could not be written, so later builds do not have these results",
          notes: reasons.map { .init($0.message) } + reasons.flatMap(\.notes), help: reasons.flatMap(\.help)))
    }
  }

  private func write(_ option: CacheExportOption) async throws {
    var exporter = CacheExporter(store: bench.store, progress: bench.progress)
    exporter.mounts = option.mounts
    exporter.namespace = settings.options.arguments["BUILDKIT_CACHE_MOUNT_NS"] ?? ""
    switch option.place {
    case .registry(let reference):
      try await bench.progress.step("exporting cache to \(reference.familiarDescription)") { step in
        try await exporter.write(
          product, mode: option.mode, to: repository(reference), tag: reference.tag, step)
      }
    case .folder(let folder, let tag, _):
      try await bench.progress.step("exporting cache to \(folder)") { step in
        try await exporter.write(product, mode: option.mode, toLayout: folder, tag: tag ?? "latest", step)
      }
    // It is in the configuration already.
    case .image: break
    }
  }

  /// What was pushed to a repository beside it, or came from there, need not be uploaded again.
  private func repository(_ reference: ImageReference) -> RegistryRepository {
    var repository = registry.repository(reference)
    let pushed = settings.outputs.flatMap(\.registryNames).first { $0.registry == reference.registry }
    for layer in product.images.flatMap(\.layers) { repository.mountable[layer.descriptor.digest] = pushed?.repository }
    for layer in product.cacheLayers {
      guard let origin = layer.originReference, origin.registry == reference.registry else { continue }
      repository.mountable[layer.descriptor.digest] = origin.repository
    }
    return repository
  }
}

extension BuildSettings {
  /// `type=inline`, or BuildKit's build argument for the same.
  var embedsCache: Bool {
    let argument = options.arguments["BUILDKIT_INLINE_CACHE"]?.lowercased()
    return cacheExports.contains { $0.place == .image } || ["1", "t", "true"].contains(argument)
  }

  /// What `--cache-from` names, in its order.
  func caches(in registry: RegistryClient) -> [CacheSource] {
    cacheImports.compactMap { option in
      switch option.place {
      case .registry(let reference): .registry(registry, reference)
      case .folder(let folder, let tag, let digest): .layout(folder, tag: tag, digest: digest)
      case .image: nil
      }
    }
  }
}
