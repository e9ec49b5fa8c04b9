import DeployPlugins
import Diagnostics
import HostOS
import Images
import JSON
import OCI
import Registry
import SystemPackage

/// The images that deployments bring, by digest where it can be found out.
struct DeployImages: Sendable {
  let bench: Workbench
  /// Whether registries are asked.
  let resolves: Bool
  /// Nobody should wait long for a registry that is out of reach.
  private static let patience = Duration.seconds(10)

  /// - Parameter arguments: `NAME=REFERENCE` or a reference alone.
  /// - Throws: `SlipwayError` with the code `invalid-image`; `CancellationError`.
  func images(_ arguments: [String]) async throws -> [String: PluginImage] {
    var images: [String: PluginImage] = [:]
    for argument in arguments {
      let (name, reference) = try Self.parse(argument)
      guard images[name] == nil else {
        throw SlipwayError(
          "invalid-image", "there are two images \(name)", help: ["give each a name: --image NAME=\(reference)"])
      }
      images[name] = try await image(reference)
    }
    return images
  }

  static func parse(_ argument: String) throws -> (name: String, reference: ImageReference) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let text = parts.last ?? ""
    let reference: ImageReference
    do { reference = try ImageReference(parsing: text) } catch let error as any DiagnosticError {
      throw SlipwayError(
        "invalid-image", "--image \(argument) names no image: \(error.diagnostics[0].message)",
        help: ["write --image NAME=REGISTRY/REPOSITORY:TAG or NAME=REPOSITORY@sha256:…"])
    }
    let last = reference.repository.split(separator: "/").last.map(String.init) ?? reference.repository
    let name = parts.count == 2 ? parts[0] : last
    guard !name.isEmpty else {
      throw SlipwayError("invalid-image", "--image \(argument) has no name", help: ["write --image NAME=\(text)"])
    }
    return (name, reference)
  }

  /// - Throws: `CancellationError`.
  func image(_ reference: ImageReference, platforms: [String] = []) async throws -> PluginImage {
    if let digest = reference.digest { return Self.image(reference, digest, platforms) }
    let whole = reference.withDefaultTag
    let unresolved = PluginImage(reference: Self.text(whole), tag: whole.tag, platforms: platforms)
    guard resolves else { return unresolved }
    // A failure is no failure of the deployment.
    let step = bench.progress.begin("[deploy] resolve \(whole.familiarDescription)")
    defer { step.finish() }
    do {
      let access = try ImageAccess(bench)
      let found = try await withDeadline(Self.patience) { try await Self.lookUp(whole, access) }
      step.log(found.digest.description)
      return Self.image(whole, found.digest, platforms.isEmpty ? found.platforms : platforms)
    } catch {
      try Task.checkCancellation()
      let cause = (error as? any DiagnosticError)?.diagnostics.first?.message
      bench.progress.report(
        .warning(
          "tag-not-resolved",
          "\(whole.familiarDescription) is deployed by its tag, which may come to mean another image",
          notes: [.init(cause ?? "the registry gave no answer within \(Self.patience.text)")],
          help: ["name the digest: \(Self.text(whole))@sha256:…"]))
      return unresolved
    }
  }

  private static func image(_ reference: ImageReference, _ digest: Digest, _ platforms: [String]) -> PluginImage {
    var plain = reference.with(digest: digest)
    plain.tag = nil
    return PluginImage(
      reference: text(plain), digest: digest.description, tag: reference.tag, platforms: platforms)
  }

  /// As task definitions and people write it.
  private static func text(_ reference: ImageReference) -> String { reference.familiarDescription }

  private static func lookUp(
    _ reference: ImageReference, _ access: ImageAccess
  ) async throws -> (digest: Digest, platforms: [String]) {
    let manifest = try await access.registry.manifest(reference)
    let digest = manifest.descriptor.digest
    switch manifest.content {
    case .index(let index):
      return (digest, index.manifests.filter { !$0.isAttestation }.compactMap { $0.platform.map(Self.words) })
    case .image(let image):
      let blobs = access.registry.blobs(of: reference.with(digest: digest))
      guard let bytes = try? await blobs.readWhole(image.config),
        let config = try? JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration")
      else { return (digest, []) }
      return (digest, [words(config.platform)])
    }
  }

  private static func words(_ platform: Platform) -> String {
    [platform.os, platform.architecture, platform.variant].compactMap { $0 }.joined(separator: "/")
  }
}

/// CodePipeline's files, for deployments without a build.
extension DeployImages {
  /// `NAME=REFERENCE` of `imagedefinitions.json`, or of `imageDetail.json`, in a folder; nothing where there is none.
  /// - Throws: `SlipwayError` for a file that is not what its name says.
  static func written(in folder: FilePath) throws -> [String] {
    func read(_ name: String) throws -> JSONValue? {
      let path = folder.appending(name)
      guard try FileStatus.ifExists(path) != nil else { return nil }
      do { return try JSONValue(parsing: try Files.read(path, limit: 1 << 20)) } catch let error as JSONSyntaxError {
        throw SlipwayError(
          "invalid-image", "\(path) is no JSON: \(error)", help: ["remove it, or name images: --image"])
      }
    }
    if let list = try read("imagedefinitions.json")?.array {
      return list.compactMap { entry in
        guard let name = entry["name"]?.string, let uri = entry["imageUri"]?.string else { return nil }
        return "\(name)=\(uri)"
      }
    }
    return try read("imageDetail.json")?["ImageURI"]?.string.map { [$0] } ?? []
  }
}
