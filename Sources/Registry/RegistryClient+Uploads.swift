import Diagnostics
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
public import OCI

extension RegistryRepository: ImageDestination {
  /// Asks for a blob, or for a manifest if the descriptor is that of one.
  /// - Throws: `RegistryError`.
  public func contains(_ blob: Descriptor) async throws -> Bool {
    let isManifest = blob.mediaType.isIndex || blob.mediaType.isImageManifest
    var call =
      try await isManifest
      ? manifestCall(.HEAD, blob.digest.description) : blobCall(.HEAD, blob.digest)
    // What is asked before a push is asked with the token of the push.
    call.scopes = [AccessScope(repository: name, access: .push)]
    let response = try await client.send(call)
    switch response.status {
    case 200: return true
    case 404: return false
    default: throw await client.failure("look for a blob in \(fullName)", call, response)
    }
  }

  /// A registry takes no manifest whose blobs it does not have (distribution-spec, "Pushing manifests"). Whoever may write
  /// but not read is not told, and writes it again.
  /// - Throws: `RegistryError`.
  public func holds(_ manifest: Descriptor) async throws -> Bool {
    do { return try await contains(manifest) } catch let error as RegistryError where error.code == .denied {
      return false
    }
  }

  /// Stores a blob: not at all if it is there, by a mount if a repository beside it is known to have it, else by one
  /// streamed upload, which is repeated from the start when it fails in passing (distribution-spec, "Pushing blobs").
  /// - Throws: `RegistryError`, and what the source throws.
  @discardableResult
  public func write(
    _ blob: Descriptor, from source: any BlobSource, progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> BlobWriteOutcome {
    switch try await find(blob, from: source) {
    case .there(let outcome):
      progress(blob.size)
      return outcome
    case .absent(let session):
      try await upload(Upload(blob: blob, source: source, progress: progress), to: session)
      return .written
    }
  }

  /// Stores a blob while it is being written, in one streamed request whose end says what it is (distribution-spec,
  /// "Pushing a blob in chunks", with one chunk of a length that is not known before, as docker does). It is not repeated
  /// when it fails, and given up when the registry turns out to have the blob.
  /// - Throws: `RegistryError`, `CancellationError`, and what the blob throws.
  public func write(_ blob: GrowingBlob) async throws -> (Descriptor, BlobWriteOutcome) {
    try await withThrowingTaskGroup(of: (Descriptor, BlobWriteOutcome)?.self) { group in
      group.addTask { (try await upload(blob), .written) }
      group.addTask {
        let descriptor = try await blob.end()
        return try await contains(descriptor) ? (descriptor, .present) : nil
      }
      while let outcome = try await group.next() {
        guard let outcome else { continue }
        group.cancelAll()
        return outcome
      }
      throw CancellationError()
    }
  }

  /// Has the registry take a blob that it has already, here or in a repository that is known to have it. Nil when its
  /// bytes would have to be sent.
  /// - Throws: `RegistryError`.
  public func adopt(_ blob: Descriptor, from source: any BlobSource) async throws -> BlobWriteOutcome? {
    switch try await find(blob, from: source) {
    case .there(let outcome): return outcome
    case .absent(let session):
      if let session { await endUpload(session.location) }
      return nil
    }
  }

  /// Finds out whether blobs may be written, by beginning an upload that is given up at once.
  /// - Throws: `RegistryError`.
  public func checkAccess() async throws { await endUpload(try await beginUpload().location) }

  private enum Finding {
    case there(BlobWriteOutcome)
    /// With the upload that the registry has begun for it, if it has.
    case absent(UploadSession?)
  }

  private func find(_ blob: Descriptor, from source: any BlobSource) async throws -> Finding {
    let other = mountable(blob, from: source)
    if !mountsFirst, try await contains(blob) { return .there(.present) }
    guard let other else { return mountsFirst ? try await find(blob, in: nil) : .absent(nil) }
    switch try await mount(blob, from: other) {
    case .mounted: return .there(.mounted)
    case .session(let session): return mountsFirst ? try await find(blob, in: session) : .absent(session)
    case .refused: return mountsFirst ? try await find(blob, in: nil) : .absent(nil)
    }
  }

  /// After the mount: an upload that the registry began for nothing is given up.
  private func find(_ blob: Descriptor, in session: UploadSession?) async throws -> Finding {
    guard try await contains(blob) else { return .absent(session) }
    if let session { await endUpload(session.location) }
    return .there(.present)
  }

  private func mountable(_ blob: Descriptor, from source: any BlobSource) -> String? {
    if let other = source as? RegistryRepository, other.registry == registry, other.name != name { return other.name }
    return mountable[blob.digest].flatMap { $0 == name ? nil : $0 }
  }

  // MARK: Mounting

  private enum MountOutcome {
    case mounted
    /// The registry would rather have an upload, and has begun one.
    case session(UploadSession)
    case refused
  }

  /// Any answer but 201 means that it has to be uploaded; what is wrong will show then.
  private func mount(_ blob: Descriptor, from other: String) async throws -> MountOutcome {
    let query = "mount=\(blob.digest)&from=\(Self.escape(other))"
    var call = try await uploadCall("?\(query)")
    call.scopes.append(AccessScope(repository: other, access: .pull))
    let response: HTTPResponse
    do { response = try await client.exchange(call) } catch let error as CancellationError { throw error } catch {
      return .refused
    }
    switch response.status {
    case 201: return .mounted
    case 202: return session(response, call.endpoint).map { .session($0) } ?? .refused
    default: return .refused
    }
  }

  // MARK: Uploading

  struct Upload: Sendable {
    let blob: Descriptor
    let source: any BlobSource
    let progress: @Sendable (Int64) -> Void
  }

  private func uploadCall(_ query: String = "") async throws -> RegistryCall {
    let endpoint = try await endpoint()
    var call = RegistryCall(
      .POST, try endpoint.url("/v2/\(name)/blobs/uploads/\(query)"), at: endpoint,
      for: [AccessScope(repository: name, access: .push)])
    call.request.headers.add(name: "Content-Length", value: "0")
    return call
  }

  private func upload(_ upload: Upload, to first: UploadSession?) async throws {
    var session = first
    var attempt = 1
    var isChunked = false
    while true {
      let target = session
      session = nil
      guard let failure = try await attemptUpload(upload, to: target, isFirst: attempt == 1, isChunked) else { return }
      if failure.response?.status == 413, !isChunked, upload.blob.size > client.chunkLength {
        isChunked = true
        continue
      }
      guard let pause = failure.pause(afterAttempt: attempt, client.http) else { throw failure.error }
      client.http.trace.report(
        .retry(
          url: "\(fullName)@\(upload.blob.digest)", attempt: attempt, pause: pause,
          reason: failure.error.diagnostic.message))
      try await client.http.clock.sleep(pause)
      attempt += 1
      // The answer may have been lost after the registry had stored it all.
      if try await contains(upload.blob) { return upload.progress(upload.blob.size) }
    }
  }

  /// An attempt that failed, and whether it is worth repeating.
  struct UploadFailure {
    var error: RegistryError
    var isTransient: Bool
    var response: HTTPResponse?

    func pause(afterAttempt attempt: Int, _ http: HTTPClient) -> Duration? {
      guard isTransient else { return nil }
      guard let response, http.retryPolicy.statuses.contains(response.status) else {
        return http.retryPolicy.pause(afterAttempt: attempt, clock: http.clock)
      }
      return http.retryPolicy.pause(
        afterAttempt: attempt, status: response.status, headers: response.headers, clock: http.clock)
    }
  }

  /// Nil means success. Every attempt has a session of its own, for registries lose track of broken ones.
  private func attemptUpload(
    _ upload: Upload, to session: UploadSession?, isFirst: Bool, _ isChunked: Bool
  ) async throws -> UploadFailure? {
    do {
      let target = if let session { session } else { try await beginUpload() }
      let (call, response) =
        try await isChunked ? sendChunks(of: upload, to: target) : sendWhole(upload, to: target)
      if response.isSuccess {
        try verifyStored(upload.blob.digest, response)
        return nil
      }
      // 401: the token ended meanwhile; 404: the session did. Whoever may not upload at all learns it at its beginning.
      let error = await client.failure("push a blob to \(fullName)", call, response)
      // What was sent was verified on its way out, so another digest means that it was damaged behind that.
      let isTransient =
        client.http.retryPolicy.statuses.contains(response.status) || [401, 404].contains(response.status)
        || isFirst && error.reportedCodes.contains("DIGEST_INVALID")
      return UploadFailure(error: error, isTransient: isTransient, response: response)
    } catch let error as HTTPError {
      return UploadFailure(
        error: .unreachable(registry, error), isTransient: error.isTransient, response: nil)
    }
  }

  private func sendWhole(_ upload: Upload, to session: UploadSession) async throws -> (RegistryCall, HTTPResponse) {
    let call = try await putCall(upload, session.location)
    return (call, try await client.exchange(call))
  }

  private func upload(_ blob: GrowingBlob) async throws -> Descriptor {
    let session = try await beginUpload().location
    do {
      let endpoint = try await endpoint()
      var call = RegistryCall(.PATCH, session, at: endpoint, for: [AccessScope(repository: name, access: .push)])
      call.request.headers.add(name: "Content-Type", value: "application/octet-stream")
      call.request.body = .stream(HTTPBytes(blob.chunks), length: nil)
      let response = try await client.send(call)
      // Amazon ECR says 201. Nobody but ourselves knows how much was sent: its Range stays at the first part.
      guard response.isSuccess, let descriptor = blob.descriptor else {
        throw await client.failure("push a blob to \(fullName)", call, response)
      }
      let target = sessionLocation(response, endpoint) ?? session
      var last = try await putCall(descriptor.digest, target)
      last.request.headers.add(name: "Content-Length", value: "0")
      let answer = try await client.send(last)
      guard answer.isSuccess else { throw await client.failure("push a blob to \(fullName)", last, answer) }
      try verifyStored(descriptor.digest, answer)
      return descriptor
    } catch {
      await endUpload(session)
      throw error
    }
  }

  private func beginUpload() async throws -> UploadSession {
    let call = try await uploadCall()
    let response = try await client.send(call)
    guard response.status == 202 else {
      throw await client.failure("push to \(fullName)", call, response)
    }
    guard let session = session(response, call.endpoint) else {
      throw RegistryError(
        .registryFailed, "the registry \(registry) does not say where to upload to",
        help: ["report it to those who run the registry"], exitCode: .unavailable)
    }
    return session
  }

  /// What comes of it does not matter: uploads that nobody goes on with end by themselves.
  private func endUpload(_ session: URL) async {
    guard let endpoint = try? await endpoint() else { return }
    let scope = AccessScope(repository: name, access: .push)
    _ = try? await client.attempt(RegistryCall(.DELETE, session, at: endpoint, for: [scope]))
  }

  private func putCall(_ upload: Upload, _ session: URL) async throws -> RegistryCall {
    var call = try await putCall(upload.blob.digest, session)
    call.request.headers.add(name: "Content-Type", value: "application/octet-stream")
    let chunks = CountedChunks(base: try await upload.source.blob(upload.blob), progress: upload.progress)
    call.request.body = .stream(HTTPBytes(chunks), length: upload.blob.size)
    return call
  }

  /// The request that ends an upload.
  func putCall(_ digest: Digest, _ session: URL) async throws -> RegistryCall {
    let endpoint = try await endpoint()
    let address = session.absoluteString
    let separator = address.contains("?") ? "&" : "?"
    guard let url = URL(string: "\(address)\(separator)digest=\(Self.escape(digest.description))") else {
      throw RegistryError(
        .registryFailed, "the registry \(registry) names no usable address to upload to",
        help: ["report it to those who run the registry"], exitCode: .unavailable)
    }
    return RegistryCall(.PUT, url, at: endpoint, for: [AccessScope(repository: name, access: .push)])
  }

  private func session(_ response: HTTPResponse, _ endpoint: Endpoint) -> UploadSession? {
    guard let location = sessionLocation(response, endpoint) else { return nil }
    return UploadSession(location: location, chunkMinimum: response.headers.first(name: "OCI-Chunk-Min-Length"))
  }

  /// Where to upload to: absolute or relative, its query kept. Behind a proxy that ends TLS many registries call
  /// themselves `http`; going there would send the blob unprotected.
  func sessionLocation(_ response: HTTPResponse, _ endpoint: Endpoint) -> URL? {
    guard let location = response.headers.first(name: "Location"), let url = response.url.resolving(location),
      let scheme = url.scheme, ["http", "https"].contains(scheme)
    else { return nil }
    guard scheme == "http", endpoint.base.scheme == "https", url.host() == endpoint.base.host(),
      var parts = URLComponents(url: url, resolvingAgainstBaseURL: true)
    else { return url }
    parts.scheme = "https"
    if parts.port == 80 { parts.port = nil }
    return parts.url
  }

  static func escape(_ text: String) -> String { FormEncoding.escape(text) }
}

/// Passes chunks on and counts them.
private struct CountedChunks: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let base: BlobStream
  let progress: @Sendable (Int64) -> Void

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), progress: progress) }

  struct AsyncIterator: AsyncIteratorProtocol {
    var base: BlobStream.AsyncIterator
    let progress: @Sendable (Int64) -> Void
    var count: Int64 = 0

    init(base: BlobStream.AsyncIterator, progress: @escaping @Sendable (Int64) -> Void) {
      self.base = base
      self.progress = progress
    }

    mutating func next() async throws -> ByteBuffer? {
      guard let chunk = try await base.next() else { return nil }
      count += Int64(chunk.readableBytes)
      progress(count)
      return chunk
    }
  }
}
