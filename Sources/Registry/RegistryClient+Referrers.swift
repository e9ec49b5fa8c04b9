import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
public import OCI

extension RegistryClient: ReferrerSource {
  /// Asks the registry, and where it keeps no such list, the tag that stands in its place (distribution-spec, "Listing
  /// referrers" and "Unavailable referrers API").
  /// - Throws: `RegistryError`, `OCIError`.
  public func referrers(of digest: Digest, in reference: ImageReference) async throws -> [Descriptor] {
    let repository = try ownRepository(reference)
    let endpoint = try await repository.endpoint()
    var found: [Descriptor] = []
    var next: URL? = try endpoint.url("/v2/\(repository.name)/referrers/\(digest)")
    while let url = next {
      let call = RegistryCall(.GET, url, at: endpoint, for: [AccessScope(repository: repository.name, access: .pull)])
      let response = try await send(call)
      guard response.status == 200 else {
        // Registries that know of no referrers have no such path, or take it for another one.
        guard [400, 404, 405].contains(response.status) else {
          throw await failure("list what refers to \(repository.fullName)@\(digest)", call, response)
        }
        return try await repository.taggedReferrers(of: digest)?.manifests ?? []
      }
      guard let index = try await Self.index(in: response) else {
        return try await repository.taggedReferrers(of: digest)?.manifests ?? []
      }
      found += index.manifests
      next = response.nextPage.flatMap { $0 == url ? nil : $0 }
    }
    return found
  }

  /// Nil when the answer is something else.
  private static func index(in response: HTTPResponse) async throws -> ImageIndex? {
    guard let bytes = try? await response.body.collect(limit: manifestLimit) else { return nil }
    return try? JSONDecoder().decode(ImageIndex.self, from: Data(bytes))
  }
}

extension RegistryRepository {
  /// The tag that lists what refers to a manifest: `sha256-…` (distribution-spec, "Referrers Tag Schema").
  static func referrersTag(of digest: Digest) -> String { "\(digest.algorithm)-\(digest.hex.prefix(64))" }

  /// Nil when there is no such tag.
  fileprivate func taggedReferrers(of digest: Digest) async throws -> ImageIndex? {
    let reference = ImageReference(registry: registry, repository: name, tag: Self.referrersTag(of: digest))
    do {
      guard case .index(let index) = try await client.manifest(reference, self).content else { return nil }
      return index
    } catch let error as RegistryError where error.code == .manifestUnknown || error.code == .nameUnknown { return nil }
  }

  /// Adds a manifest to the tag that lists what refers to another one. Two that do so at the same time may overwrite each
  /// other: registries have no means against it.
  func list(_ manifest: RawManifest, asReferrerOf subject: Digest) async throws {
    var index = try await taggedReferrers(of: subject) ?? ImageIndex(manifests: [])
    if index.manifests.contains(where: { $0.digest == manifest.descriptor.digest }) { return }
    index.manifests.append(manifest.asReferrer)
    _ = try await put(try RawManifest(index), tag: Self.referrersTag(of: subject))
  }
}
