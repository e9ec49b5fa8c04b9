import HTTPTypes
import HostOS
import OCI

/// Answers requests: what a registry does, without its network.
struct Handler: Sendable {
  /// In bytes; what registries and clients expect to work (distribution-spec, "Pushing Manifests").
  static let manifestLimit = 4 << 20

  let store: ContentStore
  let catalog: Catalog
  let recent = RecentBlobs()
  let uploads = Uploads()
  let isWritable: Bool
  /// Whether what is deleted is removed at once, since nobody else keeps blobs in the store.
  let ownsBlobs: Bool

  init(_ store: ContentStore, folderName: String, isWritable: Bool, ownsBlobs: Bool) {
    self.store = store
    self.isWritable = isWritable
    self.ownsBlobs = ownsBlobs
    catalog = Catalog(store, folderName: folderName)
  }

  /// - Throws: `Refusal`, `ConnectionLost`, `HostError`, `OCIError`.
  func answer(_ inquiry: Inquiry) async throws -> Answer {
    guard let route = try Route(inquiry.path) else { throw Refusal.noSuchEndpoint }
    var answer = try await self.answer(inquiry, route)
    answer.headers[.apiVersion] = "registry/2.0"
    return answer
  }

  private func answer(_ inquiry: Inquiry, _ route: Route) async throws -> Answer {
    switch route {
    case .base:
      try expect(inquiry, "GET, HEAD")
      var answer = Answer(.ok)
      answer.setBody(Array("{}".utf8), type: "application/json")
      return answer
    case .catalog:
      try expect(inquiry, "GET, HEAD")
      return try await listRepositories(inquiry)
    case .tags(let repository):
      try expect(inquiry, "GET, HEAD")
      return try await listTags(inquiry, repository)
    case .referrers(let repository, let digest):
      try expect(inquiry, "GET, HEAD")
      return try await listReferrers(inquiry, repository, try Self.digest(digest))
    case .manifest(let repository, let reference):
      switch inquiry.method {
      case .get, .head: return try await getManifest(repository, reference)
      case .put: return try await putManifest(inquiry, repository, reference)
      case .delete: return try await deleteManifest(repository, reference)
      default: throw Refusal.methodNotAllowed("GET, HEAD, PUT, DELETE")
      }
    case .blob(let repository, let text):
      let digest = try Self.digest(text)
      switch inquiry.method {
      case .get, .head: return try await getBlob(inquiry, repository, digest)
      case .delete: return try await deleteBlob(repository, digest)
      default: throw Refusal.methodNotAllowed("GET, HEAD, DELETE")
      }
    case .uploads(let repository):
      try expect(inquiry, "POST")
      return try await beginUpload(inquiry, repository)
    case .upload(let repository, let id):
      switch inquiry.method {
      case .get, .head: return try await uploadStatus(repository, id)
      case .patch: return try await continueUpload(inquiry, repository, id)
      case .put: return try await endUpload(inquiry, repository, id)
      case .delete: return try await cancelUpload(repository, id)
      default: throw Refusal.methodNotAllowed("GET, PATCH, PUT, DELETE")
      }
    }
  }

  private func expect(_ inquiry: Inquiry, _ methods: String) throws {
    guard methods.split(separator: ", ").contains(Substring(inquiry.method.rawValue)) else {
      throw Refusal.methodNotAllowed(methods)
    }
  }

  /// - Throws: `Refusal`.
  static func digest(_ text: String) throws -> Digest {
    guard let digest = Digest(text) else { throw Refusal.digestInvalid(text) }
    return digest
  }

  /// - Throws: `Refusal` when there is no such repository.
  func repository(_ name: String) async throws -> Catalog.Repository {
    if let found = try await Blocking.run({ [catalog] in try catalog.repository(name) }) { return found }
    guard recent.has(name) else { throw Refusal.nameUnknown(name) }
    return Catalog.Repository()
  }

  /// Whether a blob can be had from a repository.
  func contains(_ digest: Digest, in name: String) async throws -> Bool {
    guard store.contains(digest) else { return false }
    if recent.contains(digest, in: name) { return true }
    return try await Blocking.run { [catalog] in
      guard let repository = try catalog.repository(name) else { return false }
      // Manifests are blobs, too: some tools fetch them as such.
      return repository.blobs.contains(digest) || repository.manifests[digest] != nil
    }
  }
}
