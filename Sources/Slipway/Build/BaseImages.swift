import BuildPlanning
import Builder
import Diagnostics
import HTTP
import OCI
import Registry

/// Looks up the images that a Dockerfile names: in the store, where builds leave theirs, then in their registries.
struct BaseImages: Sendable {
  let store: ContentStore
  let registry: RegistryClient
  let layouts: LayoutImages
  let pullsAlways: Bool
  let isOffline: Bool
  /// Where an image is asked for.
  let place: @Sendable (ImageRequirement) -> SourceAnnotation?
  let progress: ProgressReporter

  /// All of them, side by side. Without a network all that are missing are named at once.
  func resolve(_ requirements: [ImageRequirement]) async throws -> [ImageRequirement: ResolvedImage] {
    try await withThrowingTaskGroup(of: (ImageRequirement, Result<ResolvedImage, SlipwayError>).self) { group in
      for requirement in requirements {
        group.addTask {
          let name = requirement.reference.familiarDescription
          do {
            return try await progress.step("[internal] load metadata for \(name)") { _ in
              (requirement, .success(try await resolve(requirement)))
            }
          } catch let error as any DiagnosticError {
            let located = SlipwayError(missing(requirement, error), at: place(requirement))
            if isOffline { return (requirement, .failure(located)) }
            throw located
          }
        }
      }
      var found: [ImageRequirement: ResolvedImage] = [:]
      var failures: [(requirement: ImageRequirement, error: SlipwayError)] = []
      for try await (requirement, result) in group {
        switch result {
        case .success(let image): found[requirement] = image
        case .failure(let error): failures.append((requirement, error))
        }
      }
      guard let first = failures.first else { return found }
      let ordered = requirements.compactMap { requirement in failures.first { $0.requirement == requirement }?.error }
      throw SlipwayError(ordered.flatMap(\.diagnostics), exitCode: first.error.exitCode)
    }
  }

  /// What a refusal to leave this machine means for an image.
  private func missing(_ requirement: ImageRequirement, _ error: any DiagnosticError) -> any DiagnosticError {
    guard error.diagnostics.first?.code == .offline else { return error }
    let name = requirement.reference.familiarDescription
    return SlipwayError(
      .offline, "\(name) is not in the store, and --offline is set",
      help: [
        "build it or fetch it while there is a network, or name a layout: --build-context \(name)=oci-layout://PATH"
      ], exitCode: .unavailable)
  }

  private func resolve(_ requirement: ImageRequirement) async throws -> ResolvedImage {
    let (reference, platform) = (requirement.reference, requirement.platform)
    if let layout = requirement.layout { return try await layouts.resolve(requirement, layout: layout) }
    if !pullsAlways, reference.digest == nil, try store.descriptor(named: reference) != nil {
      return try await store.resolve(reference, platform: platform)
    }
    if isOffline, let digest = reference.digest, store.contains(digest) {
      return try await store.resolve(reference, platform: platform)
    }
    return try await registry.resolve(reference, platform: platform)
  }
}

extension BuildSettings {
  /// Whether all that is made goes to registries, so that the store only saves work for later builds.
  var isPushedAlone: Bool { !outputs.isEmpty && outputs.allSatisfy { !$0.registryNames.isEmpty } }

  /// Whether a layer of a base image of which only the list of files was needed is kept. One that is pushed as it is to
  /// the registry that it comes from is there already, and would only be read from the network to lie on the disk.
  var keepsBase: @Sendable (Layer) -> Bool {
    let targets = Set(outputs.flatMap(\.registryNames).map(\.registry))
    let leavesBase =
      isPushedAlone && cacheExports.isEmpty && targets.count == 1 && outputs.allSatisfy { !$0.compression.isForced }
    return { layer in
      guard leavesBase, layer.cacheName == nil, let origin = layer.originReference else { return true }
      return !targets.contains(origin.registry)
    }
  }
}
