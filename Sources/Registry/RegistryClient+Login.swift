import HTTP
import NIOHTTP1
import OCI

extension RegistryClient {
  /// Makes sure that a registry takes the credentials (distribution-spec, "Determining Support"; distribution's token
  /// authentication). A registry that lets everybody in takes any.
  /// - Throws: `RegistryError`, with the exit code 4 when it refuses them.
  public func logIn(to registry: String) async throws {
    // Where it is depends on the names of images.
    var endpoint = try await repository(ImageReference(registry: registry, repository: "any")).endpoint()
    endpoint.registry = registry
    let call = RegistryCall(.GET, try endpoint.url("/v2/"), at: endpoint, for: [])
    let response = try await send(call)
    guard response.isSuccess else { throw await failure("log in to \(registry)", call, response) }
  }
}
