import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
public import OCI

extension RegistryClient {
  /// In bytes: what registries take (distribution-spec, "Pushing manifests").
  static let manifestLimit = 4 << 20

  /// The manifest or index that a name stands for, verified against the digest of the name and that of the registry
  /// (distribution-spec, "Pulling manifests").
  /// - Throws: `RegistryError`, `OCIError`.
  public func manifest(_ reference: ImageReference) async throws -> RawManifest {
    try await atFirstPlace(of: reference) { repository in
      try await manifest(
        ImageReference(
          registry: repository.registry, repository: repository.name, tag: reference.tag, digest: reference.digest),
        repository)
    }
  }

  func manifest(_ reference: ImageReference, _ repository: RegistryRepository) async throws -> RawManifest {
    let call = try await repository.manifestCall(.GET, reference.identifier)
    let response = try await send(call)
    guard response.status == 200 else { throw await manifestFailure(reference, call, response) }
    let bytes = try await body(of: response, reference)
    let type = response.headers.first(name: "Content-Type").map(MediaType.init(contentType:))
    try verify(bytes, reference, response.headers)
    let manifest = try RawManifest(bytes: bytes, mediaType: type)
    if let type, MediaType.manifests.contains(type), type != manifest.descriptor.mediaType {
      throw RegistryError(
        .registryFailed,
        "the registry \(reference.registry) calls the manifest of \(reference.familiarDescription) \(type), but it is \(manifest.descriptor.mediaType)",
        help: ["push the image again with a current tool"])
    }
    return manifest
  }

  /// What a name stands for, without its content where the registry tells its digest: registries do not count such
  /// questions against a limit (distribution-spec, "Checking if content exists in the registry").
  /// - Throws: `RegistryError`, `OCIError`.
  public func descriptor(_ reference: ImageReference) async throws -> Descriptor {
    try await atFirstPlace(of: reference) { repository in
      if let descriptor = try await repository.descriptor(of: reference.identifier) { return descriptor }
      var place = ImageReference(registry: repository.registry, repository: repository.name)
      (place.tag, place.digest) = (reference.tag, reference.digest)
      // What HEAD does not answer, GET does: with the digest, or with the reason.
      return try await manifest(place, repository).descriptor
    }
  }

  fileprivate static func descriptor(in headers: HTTPHeaders) -> Descriptor? {
    guard let digest = headers.first(name: "Docker-Content-Digest").flatMap({ Digest($0) }),
      let size = headers.first(name: "Content-Length").flatMap({ Int64($0) }),
      let type = headers.first(name: "Content-Type").map(MediaType.init(contentType:))
    else { return nil }
    return Descriptor(mediaType: type, digest: digest, size: size)
  }

  private func body(of response: HTTPResponse, _ reference: ImageReference) async throws -> [UInt8] {
    do { return try await response.body.collect(limit: Self.manifestLimit) } catch let error as HTTPError {
      guard error.code == .responseTooLarge else { throw RegistryError.unreachable(reference.registry, error) }
      throw RegistryError(
        .manifestTooLarge, "the manifest of \(reference.familiarDescription) is larger than 4 MiB",
        help: ["check that the name is that of an image"])
    }
  }

  private func verify(_ bytes: [UInt8], _ reference: ImageReference, _ headers: HTTPHeaders) throws {
    let actual = Digest(sha256Of: bytes)
    let announced = headers.first(name: "Docker-Content-Digest").flatMap { Digest($0) }
    // A header of another algorithm cannot be checked; a reference of another one must not pass unchecked.
    for expected in [reference.digest, announced?.algorithm == actual.algorithm ? announced : nil] {
      guard let expected, expected != actual else { continue }
      throw RegistryError(
        .digestMismatch, "the registry \(reference.registry) sent another manifest than was asked for",
        notes: ["\(reference.familiarName) should have \(expected), but has \(actual)"],
        help: ["try again; if it happens again, the registry or a proxy damages data"])
    }
  }

  // MARK: What is missing

  private func manifestFailure(
    _ reference: ImageReference, _ call: RegistryCall, _ response: HTTPResponse
  ) async -> RegistryError {
    let action = "read the manifest of \(reference.familiarDescription)"
    guard response.status == 404 else { return await failure(action, call, response) }
    let reported = await ReportedError.read(response)
    let tags = reported.contains { $0.code == "NAME_UNKNOWN" } ? .noRepository : await tags(reference, call)
    switch tags {
    case .noRepository:
      return RegistryError(
        .nameUnknown, "the registry \(reference.registry) has no repository \(reference.repository)",
        notes: reported.map(\.note),
        help: ["check the name, or log in if it is private: docker login \(reference.registry)"])
    case .unknown:
      return missing(reference, reported, help: "check the name and the tag")
    case .some(let names):
      let wanted = reference.tag ?? "latest"
      let near = names.sorted { Self.likeness($0, wanted) > Self.likeness($1, wanted) }.prefix(5)
      return missing(
        reference, reported,
        help: near.isEmpty
          ? "the repository is empty: push an image first"
          : "the repository has \(near.joined(separator: ", "))\(names.count > near.count ? " and others" : "")")
    }
  }

  private func missing(_ reference: ImageReference, _ reported: [ReportedError], help: String) -> RegistryError {
    let what = reference.digest.map { "no manifest \($0)" } ?? "no tag \(reference.tag ?? "latest")"
    return RegistryError(
      .manifestUnknown, "\(reference.familiarName) has \(what)", notes: reported.map(\.note), help: [help])
  }

  private enum Tags {
    case noRepository
    case unknown
    case some([String])
  }

  /// Whether there is a repository at all, and what is in it. A failure on the way to a message is no further message.
  private func tags(_ reference: ImageReference, _ call: RegistryCall) async -> Tags {
    struct Answer: Decodable { var tags: [String]? }
    guard let url = try? call.endpoint.url("/v2/\(reference.repository)/tags/list?n=1000") else { return .unknown }
    var call = RegistryCall(.GET, url, at: call.endpoint, for: call.scopes)
    call.request.mayRetry = false
    guard let response = try? await exchange(call) else { return .unknown }
    if response.status == 404 { return .noRepository }
    guard response.status == 200, let bytes = try? await response.body.collect(limit: 1 << 20),
      let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes))
    else { return .unknown }
    return .some(answer.tags ?? [])
  }

  /// The number of characters that two tags begin with alike.
  private static func likeness(_ left: String, _ right: String) -> Int {
    zip(left, right).prefix { $0 == $1 }.count
  }
}

extension RegistryRepository {
  var fullName: String { "\(registry)/\(name)" }

  func manifestCall(_ method: HTTPMethod, _ identifier: String) async throws -> RegistryCall {
    let endpoint = try await endpoint()
    var call = RegistryCall(
      method, try endpoint.url("/v2/\(name)/manifests/\(identifier)"), at: endpoint,
      for: [AccessScope(repository: name, access: method == .PUT ? .push : .pull)])
    if method != .PUT {
      call.request.headers.add(name: "Accept", value: MediaType.manifests.map(\.rawValue).joined(separator: ", "))
    }
    return call
  }

  /// Nil when there is no such manifest, or when the registry does not say what it is.
  /// - Parameter identifier: a tag or a digest.
  fileprivate func descriptor(of identifier: String) async throws -> Descriptor? {
    let response = try await client.send(try await manifestCall(.HEAD, identifier))
    return response.status == 200 ? RegistryClient.descriptor(in: response.headers) : nil
  }

  /// Stores a manifest under its digest, or under a tag, which gives it its digest too, and makes sure that the
  /// registry computed the same one (distribution-spec, "Pushing manifests"). One that belongs to another is listed
  /// there, by the registry or, where it does not know how, by a tag.
  /// - Throws: `RegistryError`.
  public func write(_ manifest: RawManifest, tag: String?) async throws {
    let response = try await put(manifest, tag: tag)
    if let subject = manifest.subject, response?.headers.first(name: "OCI-Subject") == nil {
      try await list(manifest, asReferrerOf: subject.digest)
    }
  }

  /// Nil when the tag may not be moved, and stands for the manifest already.
  func put(_ manifest: RawManifest, tag: String?) async throws -> HTTPResponse? {
    guard manifest.bytes.count <= RegistryClient.manifestLimit else {
      throw RegistryError(
        .manifestTooLarge, "the manifest of \(fullName) has \(manifest.bytes.count) bytes; registries take 4 MiB",
        help: ["shorten the annotations, or use fewer layers"])
    }
    var call = try await manifestCall(.PUT, tag ?? manifest.descriptor.digest.description)
    call.request.headers.add(name: "Content-Type", value: manifest.descriptor.mediaType.rawValue)
    call.request.body = .bytes(manifest.bytes)
    let response = try await client.send(call)
    guard response.isSuccess else {
      let name = tag.map { "\(fullName):\($0)" } ?? fullName
      let failure = await client.failure("push the manifest of \(name)", call, response)
      if let tag, await stands(tag, for: manifest.descriptor.digest, after: response.status) { return nil }
      throw failure
    }
    try verifyStored(manifest.descriptor.digest, response)
    return response
  }

  /// - Parameter status: of a refusal; some of them cannot be about a tag.
  private func stands(_ tag: String, for digest: Digest, after status: Int) async -> Bool {
    guard [400, 403, 405, 409, 412].contains(status) else { return false }
    return (try? await descriptor(of: tag))?.digest == digest
  }

  /// - Throws: `RegistryError` with the code `digest-mismatch`.
  func verifyStored(_ digest: Digest, _ response: HTTPResponse) throws {
    guard let stored = response.headers.first(name: "Docker-Content-Digest").flatMap({ Digest($0) }),
      stored.algorithm == digest.algorithm, stored != digest
    else { return }
    throw RegistryError(
      .digestMismatch, "the registry \(registry) stored something else than was sent",
      notes: ["sent \(digest), stored \(stored)"],
      help: ["try again; if it happens again, the registry or a proxy damages data"])
  }
}

extension MediaType {
  /// Of a header, whose parameters do not matter.
  fileprivate init(contentType: String) {
    self.init(rawValue: String(contentType.prefix { $0 != ";" }).trimmingCharacters(in: .whitespaces))
  }
}
