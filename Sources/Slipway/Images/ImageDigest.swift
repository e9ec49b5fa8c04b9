import Diagnostics
import Images
import OCI
import Registry

/// `slipway digest`: what a name stands for now, in the registry unless it is said otherwise.
public struct ImageDigest: Sendable {
  private let access: ImageAccess
  private let place: ImagePlace
  private let platform: Platform?

  /// - Throws: `SlipwayError`, `OCIError` for places and options that are not usable; `RegistryError`.
  public init(_ image: String, platform: String?, _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    place = try ImagePlace(parsing: image, bare: .registry)
    self.platform = try platform.map { try Platform(parsing: $0) }
  }

  /// - Returns: the digest of the manifest or index; for a platform that of its image.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> String {
    if case .registry(let name) = place, platform == nil {
      return try await access.registry.descriptor(name).digest.description
    }
    return try await access.holdingStore(for: [place]) {
      try await access.withImage(at: place) { image in
        let top = try await image.tree(platform.map { .only([$0]) } ?? .all).top
        return top.descriptor.digest.description
      }
    }
  }
}
