internal import Foundation
internal import HostOS
internal import Synchronization

/// A registry in memory that behaves as Amazon ECR does where ECR differs from others: Basic challenge, 201 to PATCH with
/// a `Range` that stays at the first part, parts of 5 MiB and more, immutable tags, mounts that somebody has to permit,
/// parts before indexes and subjects before referrers. Over plain HTTP.
public final class ECRFront: Sendable {
  public struct Settings: Sendable {
    /// What the account setting BLOB_MOUNTING does.
    public var permitsMounts = false
    public var hasImmutableTags = true
    /// Larger bodies get status 413, as from a proxy before a registry; in bytes.
    public var largestBody = Int.max
    /// All parts but the last one have as much; in bytes.
    public var smallestPart = 5 << 20
    public var repositories: Set<String> = ["app", "other"]

    public init() {}
  }

  public static let password = "token-of-ecr"

  private struct Upload {
    var parts: [Int] = []
    var bytes: [UInt8] = []
  }

  private struct State {
    var blobs: [String: [String: [UInt8]]] = [:]
    var manifests: [String: [String: (type: String, bytes: [UInt8])]] = [:]
    var tags: [String: [String: String]] = [:]
    var uploads: [String: Upload] = [:]
    var log: [String] = []
  }

  private let settings: Settings
  private let state = Mutex(State())

  private init(_ settings: Settings) { self.settings = settings }

  /// Method and status of all requests that were let in, in their order.
  public var log: [String] { state.withLock { $0.log } }

  /// What is kept under a tag or a digest.
  public func manifest(_ repository: String, _ reference: String) -> [UInt8]? {
    state.withLock { $0.manifests[repository]?[$0.tags[repository]?[reference] ?? reference]?.bytes }
  }

  public func blob(_ repository: String, _ digest: String) -> [UInt8]? {
    state.withLock { $0.blobs[repository]?[digest] }
  }

  /// - Throws: what `body` throws.
  public static func serve<Result>(
    _ settings: Settings = Settings(), _ body: (ECRFront, _ port: Int) async throws -> Result
  ) async throws -> Result {
    let front = ECRFront(settings)
    return try await WebServer.serving({ front.answer($0) }) { _, port in try await body(front, port) }
  }

  // MARK: Requests

  private func answer(_ request: WebServer.Request) -> WebServer.Answer {
    let expected = "Basic " + Data("AWS:\(Self.password)".utf8).base64EncodedString()
    guard request.headers["authorization"] == expected else {
      return WebServer.Answer(
        401, ["WWW-Authenticate": #"Basic realm="https://123456789012.dkr.ecr.example/",service="ecr.amazonaws.com""#])
    }
    return state.withLock { state in
      let answer = respond(request, &state)
      state.log.append("\(request.method) \(answer.status)")
      return answer
    }
  }

  private func respond(_ request: WebServer.Request, _ state: inout State) -> WebServer.Answer {
    let path = request.path.split(separator: "/").map(String.init)
    if path == ["v2"] { return WebServer.Answer(200) }
    guard path.count >= 4, path[0] == "v2" else { return WebServer.Answer(404) }
    guard settings.repositories.contains(path[1]) else { return Self.refusal(404, "NAME_UNKNOWN", "no repository") }
    if request.body.count > settings.largestBody { return WebServer.Answer(413) }
    switch (path[2], path[3]) {
    case ("blobs", "uploads"): return upload(request, path[1], path.dropFirst(4).first, &state)
    case ("blobs", let digest):
      guard let bytes = state.blobs[path[1]]?[digest] else { return Self.refusal(404, "BLOB_UNKNOWN", "no blob") }
      return WebServer.Answer(200, ["Docker-Content-Digest": digest], body: bytes)
    case ("manifests", let reference):
      if request.method == "PUT" { return put(request, path[1], reference, &state) }
      let digest = state.tags[path[1]]?[reference] ?? reference
      guard let found = state.manifests[path[1]]?[digest] else {
        return Self.refusal(404, "MANIFEST_UNKNOWN", "no image")
      }
      return WebServer.Answer(
        200, ["Docker-Content-Digest": digest, "Content-Type": found.type], body: found.bytes)
    default: return WebServer.Answer(404)
    }
  }

  private static func refusal(_ status: Int, _ code: String, _ message: String) -> WebServer.Answer {
    let body = #"{"errors":[{"code":"\#(code)","message":"\#(message)"}]}"#
    return WebServer.Answer(status, ["Content-Type": "application/json"], body: Array(body.utf8))
  }

  private static func parameters(_ request: WebServer.Request) -> [String: String] {
    let pairs = request.query.split(separator: "&").map { item in
      let name = item.prefix { $0 != "=" }
      return (String(name), item.dropFirst(name.count + 1).removingPercentEncoding ?? "")
    }
    return Dictionary(pairs) { $1 }
  }

  // MARK: Blobs

  private func upload(
    _ request: WebServer.Request, _ repository: String, _ id: String?, _ state: inout State
  ) -> WebServer.Answer {
    let parameters = Self.parameters(request)
    guard let id else {
      if settings.permitsMounts, let digest = parameters["mount"], let from = parameters["from"],
        let bytes = state.blobs[from]?[digest]
      {
        state.blobs[repository, default: [:]][digest] = bytes
        return WebServer.Answer(201, ["Location": "/v2/\(repository)/blobs/\(digest)"])
      }
      let id = "upload-\(state.uploads.count)"
      state.uploads[id] = Upload()
      return WebServer.Answer(
        202,
        [
          "Location": "/v2/\(repository)/blobs/uploads/\(id)?state=a%2Fb", "Range": "0-0",
          "OCI-Chunk-Min-Length": "\(settings.smallestPart)",
        ])
    }
    guard var upload = state.uploads[id], parameters["state"] == "a/b" else {
      return Self.refusal(404, "BLOB_UPLOAD_UNKNOWN", "no upload")
    }
    if request.method == "DELETE" {
      state.uploads[id] = nil
      return WebServer.Answer(204)
    }
    if !request.body.isEmpty {
      let begin = request.headers["content-range"].flatMap { Int($0.prefix { $0 != "-" }) }
      guard begin == nil || begin == upload.bytes.count else {
        return Self.refusal(416, "BLOB_UPLOAD_INVALID", "not in order")
      }
      if let last = upload.parts.last, last < settings.smallestPart {
        return Self.refusal(400, "BLOB_UPLOAD_INVALID", "LayerPartTooSmallException: \(last) bytes")
      }
      upload.parts.append(request.body.count)
      upload.bytes += request.body
      state.uploads[id] = upload
    }
    if request.method == "PATCH" {
      return WebServer.Answer(
        201,
        [
          "Location": "/v2/\(repository)/blobs/uploads/\(id)?state=a%2Fb",
          "Range": "0-\(max(upload.parts.first ?? 1, 1) - 1)",
        ])
    }
    let digest = "sha256:" + SHA256Hasher.hex(of: upload.bytes)
    guard parameters["digest"] == digest else { return Self.refusal(400, "DIGEST_INVALID", "it is \(digest)") }
    state.blobs[repository, default: [:]][digest] = upload.bytes
    state.uploads[id] = nil
    return WebServer.Answer(
      201, ["Location": "/v2/\(repository)/blobs/\(digest)", "Docker-Content-Digest": digest])
  }

  // MARK: Manifests

  private struct Manifest: Decodable {
    struct Entry: Decodable { var digest: String }
    var config: Entry?
    var layers: [Entry]?
    var manifests: [Entry]?
    var subject: Entry?
  }

  private func put(
    _ request: WebServer.Request, _ repository: String, _ reference: String, _ state: inout State
  ) -> WebServer.Answer {
    let type = request.headers["content-type"] ?? ""
    guard !type.contains(";"), let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(request.body)) else {
      return Self.refusal(400, "MANIFEST_INVALID", "this is none")
    }
    for blob in (manifest.config.map { [$0] } ?? []) + (manifest.layers ?? [])
    where state.blobs[repository]?[blob.digest] == nil {
      return Self.refusal(400, "BLOB_UNKNOWN", "LayersNotFoundException: \(blob.digest)")
    }
    for child in manifest.manifests ?? [] where state.manifests[repository]?[child.digest] == nil {
      return Self.refusal(400, "MANIFEST_UNKNOWN", "ReferencedImagesNotFoundException: \(child.digest)")
    }
    if let subject = manifest.subject, state.manifests[repository]?[subject.digest] == nil {
      return Self.refusal(405, "UNSUPPORTED", "Invalid parameter at 'ImageManifest'")
    }
    let digest = "sha256:" + SHA256Hasher.hex(of: request.body)
    if !reference.contains(":") {
      if settings.hasImmutableTags, state.tags[repository]?[reference] != nil {
        return Self.refusal(
          400, "TAG_INVALID",
          "The image tag '\(reference)' already exists in the '\(repository)' repository and cannot be overwritten because the tag is immutable."
        )
      }
      state.tags[repository, default: [:]][reference] = digest
    }
    state.manifests[repository, default: [:]][digest] = (type, request.body)
    return WebServer.Answer(201, ["Docker-Content-Digest": digest])
  }
}
