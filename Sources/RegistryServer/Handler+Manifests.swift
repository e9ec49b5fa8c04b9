import Diagnostics
import Foundation
import HTTPTypes
import HostOS
import OCI

/// distribution-spec, "Pulling manifests", "Pushing Manifests", "Deleting Manifests", "Deleting tags".
extension Handler {
  func getManifest(_ name: String, _ reference: String) async throws -> Answer {
    let repository = try await repository(name)
    guard let digest = try Self.resolve(reference, in: repository), let facts = repository.manifests[digest] else {
      throw Refusal.manifestUnknown(reference)
    }
    let bytes = try await Blocking.run { [store] in try store.read(digest, limit: Self.manifestLimit) }
    var answer = Answer(.ok)
    answer.setBody(bytes, type: facts.descriptor.mediaType.rawValue)
    answer.headers[.contentDigest] = digest.description
    answer.headers[.eTag] = "\"\(digest)\""
    return answer
  }

  /// - Returns: nil for a tag that is not there.
  private static func resolve(_ reference: String, in repository: Catalog.Repository) throws -> Digest? {
    if reference.contains(":") { return try digest(reference) }
    guard Route.isTag(reference) else { throw Refusal.manifestUnknown(reference) }
    return repository.tags[reference]?.digest
  }

  // MARK: Pushing

  func putManifest(_ inquiry: Inquiry, _ name: String, _ reference: String) async throws -> Answer {
    let bytes = try await inquiry.collectBody(
      limit: Self.manifestLimit, Refusal(.contentTooLarge, "SIZE_INVALID", "a manifest has 4 MiB at most"))
    let (digest, tags) = try Self.target(of: bytes, reference, inquiry)
    let manifest = try Self.manifest(bytes, inquiry)
    let facts = ManifestFacts(manifest, digest: digest)
    try await checkParts(of: facts, in: name)
    let descriptor = Descriptor(mediaType: manifest.descriptor.mediaType, digest: digest, size: Int64(bytes.count))
    try await Blocking.run { [store] in
      try store.store(bytes, as: descriptor)
      let names = [StoredName.untagged(digest, in: name)] + tags.map { StoredName.tagged($0, in: name) }
      try store.add(
        names.map { text in
          var named = descriptor
          named.annotations = [ContentStore.referenceNameAnnotation: text]
          return named
        })
    }
    var answer = Answer(.created)
    answer.headers[.location] = "/v2/\(name)/manifests/\(digest)"
    answer.headers[.contentDigest] = digest.description
    answer.headers[.contentLength] = "0"
    answer.headers[.subject] = facts.subject?.description
    if inquiry.parameter("tag") != nil {
      for tag in tags { answer.headers.append(HTTPField(name: .tag, value: tag)) }
    }
    return answer
  }

  /// What the manifest is to be called: `reference`, and the parameters `tag` beside a digest.
  private static func target(
    of bytes: [UInt8], _ reference: String, _ inquiry: Inquiry
  ) throws -> (Digest, tags: [String]) {
    var tags = inquiry.query.filter { $0.name == "tag" }.map(\.value)
    let digest: Digest
    if reference.contains(":") {
      let wanted = try self.digest(reference)
      digest = wanted.recomputed(of: bytes)
      guard digest == wanted else {
        throw Refusal(.badRequest, "DIGEST_INVALID", "the manifest has the digest \(digest), not \(wanted)")
      }
    } else {
      digest = Digest(sha256Of: bytes)
      tags.append(reference)
    }
    for tag in tags where !Route.isTag(tag) {
      throw Refusal(.badRequest, "TAG_INVALID", "\"\(tag)\" cannot be a tag")
    }
    return (digest, tags)
  }

  private static func manifest(_ bytes: [UInt8], _ inquiry: Inquiry) throws -> RawManifest {
    let type = inquiry.headers[.contentType].map {
      MediaType(rawValue: String($0.prefix { $0 != ";" }).trimmingCharacters(in: .whitespaces))
    }
    let manifest: RawManifest
    do { manifest = try RawManifest(bytes: bytes, mediaType: type) } catch let error as OCIError {
      throw Refusal(.badRequest, "MANIFEST_INVALID", error.diagnostic.message)
    }
    let actual = manifest.descriptor.mediaType
    if let type, MediaType.manifests.contains(type), type != actual {
      throw Refusal(.badRequest, "MANIFEST_INVALID", "it was sent as \(type), but calls itself \(actual)")
    }
    return manifest
  }

  /// Nobody shall see a manifest whose parts are missing. A subject may come later.
  private func checkParts(of facts: ManifestFacts, in name: String) async throws {
    for blob in facts.blobs where !ManifestFacts.mayBeAbsent(blob) {
      guard try await contains(blob.digest, in: name) else {
        throw Refusal(.badRequest, "MANIFEST_BLOB_UNKNOWN", "\(name) has no blob \(blob.digest)")
      }
    }
    let known = try? await repository(name).manifests
    for child in facts.children where known?[child.digest] == nil {
      throw Refusal(.badRequest, "MANIFEST_BLOB_UNKNOWN", "\(name) has no manifest \(child.digest)")
    }
  }

  // MARK: Deleting

  func deleteManifest(_ name: String, _ reference: String) async throws -> Answer {
    let repository = try await repository(name)
    guard let digest = try Self.resolve(reference, in: repository), repository.manifests[digest] != nil else {
      throw Refusal.manifestUnknown(reference)
    }
    let names =
      reference.contains(":") ? repository.storedNames(of: digest) : repository.storedNames(of: reference)
    guard !names.isEmpty, !names.contains("") else {
      throw Refusal(.methodNotAllowed, "UNSUPPORTED", "an image that is here as a part of another one stays with it")
    }
    try await Blocking.run { [store] in try store.untag(names) }
    var answer = Answer(.accepted)
    answer.headers[.contentLength] = "0"
    return answer
  }
}

extension ContentStore {
  /// Takes in a document under a digest of any algorithm.
  fileprivate func store(_ bytes: [UInt8], as descriptor: Descriptor) throws {
    if contains(descriptor) { return }
    var ingest = try self.ingest()
    try bytes.withUnsafeBytes { try ingest.write($0) }
    try ingest.commit(as: descriptor.digest)
  }
}
