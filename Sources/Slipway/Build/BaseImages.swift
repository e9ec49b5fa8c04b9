import BuildPlanning
import Builder
import Diagnostics
import OCI
import Registry

/// Looks up the images that a Dockerfile names: in the store, where builds leave theirs, then in their registries.
struct BaseImages: Sendable {
  let store: ContentStore
  let registry: RegistryClient
  let layouts: LayoutImages
  let pullsAlways: Bool
  /// Where an image is asked for.
  let place: @Sendable (ImageRequirement) -> SourceAnnotation?
  let progress: ProgressReporter

  /// All of them, side by side.
  func resolve(_ requirements: [ImageRequirement]) async throws -> [ImageRequirement: ResolvedImage] {
    try await withThrowingTaskGroup(of: (ImageRequirement, ResolvedImage).self) { group in
      for requirement in requirements {
        group.addTask {
          let name = requirement.reference.familiarDescription
          do {
            return try await progress.step("[internal] load metadata for \(name)") { _ in
              (requirement, try await resolve(requirement))
            }
          } catch let error as any DiagnosticError {
            throw SlipwayError(error, at: place(requirement))
          }
        }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  private func resolve(_ requirement: ImageRequirement) async throws -> ResolvedImage {
    let (reference, platform) = (requirement.reference, requirement.platform)
    if let layout = requirement.layout { return try await layouts.resolve(requirement, layout: layout) }
    if !pullsAlways, reference.digest == nil, try store.descriptor(named: reference) != nil {
      return try await store.resolve(reference, platform: platform)
    }
    return try await registry.resolve(reference, platform: platform)
  }
}

extension BuildSettings {
  /// Whether a layer of a base image of which only the list of files was needed is kept. One that is pushed as it is to
  /// the registry that it comes from is there already, and would only be read from the network to lie on the disk.
  var keepsBase: @Sendable (Layer) -> Bool {
    let targets = Set(outputs.flatMap(\.registryNames).map(\.registry))
    let isPushedOnly =
      cacheExports.isEmpty && targets.count == 1
      && outputs.allSatisfy { !$0.registryNames.isEmpty && !$0.compression.isForced }
    return { layer in
      guard isPushedOnly, layer.cacheName == nil, let origin = layer.originReference else { return true }
      return !targets.contains(origin.registry)
    }
  }
}
