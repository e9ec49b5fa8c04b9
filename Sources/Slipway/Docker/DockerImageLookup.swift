import Diagnostics
import OCI

/// Finds the image that a container is made of: in the store, else in its registry.
struct DockerImageLookup {
  private let bench: Workbench
  private let access: ImageAccess

  init(_ bench: Workbench, _ access: ImageAccess) {
    self.bench = bench
    self.access = access
  }

  /// - Parameter pull: `missing`, `always` or `never`.
  /// - Throws: `DockerError`, and what pulling throws.
  func image(_ text: String, platform: String?, pull: String) async throws -> ResolvedImage {
    let wanted = try platform.map { try Platform(parsing: $0) }
    if pull != "always", let known = try await stored(text, wanted) { return known }
    guard pull != "never" else { throw DockerError.container("No such image: \(text)") }
    guard let name = try? ImageReference(parsing: text).withDefaultTag else {
      throw DockerError.container("invalid reference format: \(text)")
    }
    if pull == "missing" {
      bench.progress.report(.note("image-not-here", "Unable to find image '\(name.familiarDescription)' locally"))
    }
    var options = ImageOptions()
    options.platforms = [platform].compactMap { $0 }
    _ = try await PullImages(["docker://\(name)"], outputs: [], options, bench).run()
    guard let pulled = try await stored(text, wanted) else { throw DockerError.container("No such image: \(text)") }
    return pulled
  }

  /// Nil for what is not there, or not for the platform that is wanted.
  private func stored(_ text: String, _ wanted: Platform?) async throws -> ResolvedImage? {
    guard let image = try DockerImages(bench).imageIfThere(text) else { return nil }
    let reference = ImageReference(registry: "store", repository: "image").with(digest: image.top.digest)
    do {
      let found = try await access.storedImages.resolve(reference, platform: wanted ?? image.config.platform)
      if let wanted, wanted.distance(to: found.config.platform) == nil { return nil }
      return found
    } catch let error as OCIError where error.diagnostic.code == "no-matching-platform" {
      return nil
    }
  }
}

extension Diagnostic {
  fileprivate static func note(_ code: DiagnosticCode, _ message: String) -> Diagnostic {
    Diagnostic(.note, code, message)
  }
}
