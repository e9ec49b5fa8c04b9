import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
public import OCI

extension RegistryClient {
  /// All tags of a repository, as the registry sorts them (distribution-spec, "Listing tags").
  /// - Throws: `RegistryError`.
  public func tags(of reference: ImageReference) async throws -> [String] {
    struct Page: Decodable { var tags: [String]? }
    let repository = try ownRepository(reference)
    let endpoint = try await repository.endpoint()
    var tags: [String] = []
    var next: URL? = try endpoint.url("/v2/\(repository.name)/tags/list?n=1000")
    while let url = next {
      let (page, response): (Page, _) = try await repository.page(
        url, at: endpoint, action: "list the tags of \(repository.fullName)")
      tags += page.tags ?? []
      next = response.nextPage.flatMap { $0 == url ? nil : $0 }
    }
    return tags
  }
}

extension RegistryRepository {
  /// One page of a list.
  fileprivate func page<Page: Decodable>(
    _ url: URL, at endpoint: Endpoint, action: String
  ) async throws -> (Page, HTTPResponse) {
    let call = RegistryCall(.GET, url, at: endpoint, for: [AccessScope(repository: name, access: .pull)])
    let response = try await client.send(call)
    guard response.status == 200 else { throw await client.failure(action, call, response) }
    let bytes: [UInt8]
    do { bytes = try await response.body.collect(limit: 16 << 20) } catch let error as HTTPError {
      throw RegistryError.unreachable(registry, error)
    }
    guard let page = try? JSONDecoder().decode(Page.self, from: Data(bytes)) else {
      throw RegistryError(
        .registryFailed, "cannot \(action): the registry \(registry) answered what is no such list",
        help: ["check that \(registry) is a registry"], exitCode: .unavailable)
    }
    return (page, response)
  }
}

extension HTTPResponse {
  /// Where a list goes on: `Link: <…>; rel="next"` (RFC 8288).
  var nextPage: URL? {
    for field in headers["Link"] {
      guard let end = field.firstIndex(of: ">"), field.hasPrefix("<"), field[end...].contains("next") else { continue }
      return url.resolving(String(field[field.index(after: field.startIndex)..<end]))
    }
    return nil
  }
}
