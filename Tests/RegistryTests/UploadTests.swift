import Diagnostics
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import OCI
import Registry
import Synchronization
import Testing

@Suite struct UploadTests {
  private static let bytes = Array("hello, registry".utf8)
  private let blob = Descriptor(mediaType: .ociLayerGzip, of: bytes)
  private let source = MemoryBlobs(blobs: [Digest(sha256Of: bytes): bytes])
  private let image = ImageReference(registry: "r.example", repository: "me/web")
  private static let escaped = Digest(sha256Of: bytes).description.replacingOccurrences(of: ":", with: "%3A")

  private func push(_ registry: ScriptedRegistry, insecure: Set<String> = []) async throws {
    try await registry.client(insecure: insecure).repository(image).write(blob, from: source) { _ in }
  }

  @Test(
    "where a session may be",
    arguments: [
      ("/v2/me/web/blobs/uploads/1?_state=a%2Bb", "https://r.example/v2/me/web/blobs/uploads/1?_state=a%2Bb&digest="),
      ("https://r.example/up/1", "https://r.example/up/1?digest="),
      ("https://upload.example/up/1?x=1", "https://upload.example/up/1?x=1&digest="),
      ("http://r.example/up/1", "https://r.example/up/1?digest="),
      ("http://r.example:80/up/1", "https://r.example/up/1?digest="),
      ("1?x", "https://r.example/v2/me/web/blobs/uploads/1?x&digest="),
    ])
  func locations(location: String, expected: String) async throws {
    let registry = ScriptedRegistry { request, _ in
      switch request.method {
      case "HEAD": return request.authorization == nil ? .bearer() : ScriptedAnswer(404)
      case "GET": return .token("t0")
      case "POST": return ScriptedAnswer(202, ["Location": location])
      default: return ScriptedAnswer(201, ["Docker-Content-Digest": Digest(sha256Of: Self.bytes).description])
      }
    }
    let counts = Mutex<[Int64]>([])
    try await registry.client().repository(image).write(blob, from: source) { count in
      counts.withLock { $0.append(count) }
    }
    let put = try #require(registry.seen.last)
    #expect(put.method == "PUT" && put.body == Self.bytes)
    #expect(put.url.absoluteString == expected + Self.escaped)
    #expect((put.authorization != nil) == (put.url.host() == "r.example"))
    #expect(counts.withLock { $0 } == [4, 8, 12, 15])
  }

  @Test func sendsNothingThatIsThere() async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(200) }
    let last = Mutex<Int64>(0)
    try await registry.client().repository(image).write(blob, from: source) { count in last.withLock { $0 = count } }
    #expect(registry.lines == ["HEAD /v2/me/web/blobs/\(blob.digest)"])
    #expect(last.withLock { $0 } == blob.size)
  }

  @Test(
    "a mount may come before the question whether a blob is there",
    arguments: [
      (201, false, ["POST"]), (202, false, ["POST", "HEAD", "PUT"]), (202, true, ["POST", "HEAD", "DELETE"]),
      (403, false, ["POST", "HEAD", "POST", "PUT"]), (403, true, ["POST", "HEAD"]),
    ])
  func mountFirst(mount: Int, isThere: Bool, expected: [String]) async throws {
    let registry = ScriptedRegistry { request, _ in
      switch request.method {
      case "HEAD": ScriptedAnswer(isThere ? 200 : 404)
      case "POST" where request.description.contains("mount="): ScriptedAnswer(mount, ["Location": "/up/1"])
      case "POST": ScriptedAnswer(202, ["Location": "/up/2"])
      case "DELETE": ScriptedAnswer(204)
      default: ScriptedAnswer(201)
      }
    }
    var repository = registry.client().repository(image)
    repository.mountable = [blob.digest: "other/web"]
    repository.mountsFirst = true
    let outcome = try await repository.write(blob, from: source) { _ in }
    #expect(registry.seen.map(\.method) == expected)
    #expect(outcome == (mount == 201 ? .mounted : isThere ? .present : .written))
  }

  @Test("whoever may not read a manifest writes it", arguments: [(200, true), (404, false), (403, false)])
  func manifestsThatAreHeld(status: Int, isHeld: Bool) async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(status) }
    let manifest = Descriptor(mediaType: .ociManifest, of: manifestBytes)
    #expect(try await registry.client().repository(image).holds(manifest) == isHeld)
    #expect(registry.lines == ["HEAD /v2/me/web/manifests/\(manifest.digest)"])
  }

  @Test("asks for manifests where they are", arguments: [MediaType.ociManifest, .ociIndex, .dockerManifest])
  func manifestsAreNoBlobs(type: MediaType) async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(200) }
    let descriptor = Descriptor(mediaType: type, digest: blob.digest, size: 1)
    #expect(try await registry.client().repository(image).contains(descriptor))
    #expect(registry.lines == ["HEAD /v2/me/web/manifests/\(blob.digest)"])
  }

  // MARK: Asking

  @Test func beginsAnUploadToSeeWhetherItMayAndEndsIt() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.method == "POST" ? ScriptedAnswer(202, ["Location": "/up/1"]) : ScriptedAnswer(204)
    }
    try await registry.client().repository(image).checkAccess()
    #expect(registry.lines == ["POST /v2/me/web/blobs/uploads/", "DELETE /up/1"])
    let closed = ScriptedRegistry { _, _ in ScriptedAnswer(403) }
    let error = await #expect(throws: RegistryError.self) {
      try await closed.client().repository(image).checkAccess()
    }
    #expect(error?.code == .denied)
  }

  @Test("takes what is near without its bytes", arguments: [201, 202, 404])
  func adopts(status: Int) async throws {
    let registry = mounting(ScriptedAnswer(status, status == 202 ? ["Location": "/up/1"] : [:]))
    var repository = registry.client().repository(image)
    #expect(try await repository.adopt(blob, from: source) == nil)
    #expect(registry.lines == ["HEAD /v2/me/web/blobs/\(blob.digest)"])
    repository.mountable[blob.digest] = "me/base"
    #expect(try await repository.adopt(blob, from: source) == (status == 201 ? .mounted : nil))
    #expect(registry.lines.contains("DELETE /up/1") == (status == 202))
    #expect(!registry.lines.contains { $0.hasPrefix("PUT") })
  }

  // MARK: Mounting

  private func mounting(_ answer: ScriptedAnswer) -> ScriptedRegistry {
    ScriptedRegistry { request, _ in
      switch request.method {
      case "HEAD": return ScriptedAnswer(404)
      case "POST" where request.description.contains("mount="): return answer
      case "POST": return ScriptedAnswer(202, ["Location": "/own"])
      default: return ScriptedAnswer(201)
      }
    }
  }

  @Test(
    "any answer to a mount but 201 means an upload",
    arguments: [
      (ScriptedAnswer(201), nil), (ScriptedAnswer(202, ["Location": "/given"]), "PUT /given"),
      (ScriptedAnswer(202), "PUT /own"), (ScriptedAnswer(404), "PUT /own"), (ScriptedAnswer(403), "PUT /own"),
      (ScriptedAnswer(405), "PUT /own"), (ScriptedAnswer(401), "PUT /own"),
    ] as [(ScriptedAnswer, String?)])
  func mounts(answer: ScriptedAnswer, put: String?) async throws {
    let registry = mounting(answer)
    var repository = registry.client().repository(image)
    repository.mountable = [blob.digest: "library/debian"]
    try await repository.write(blob, from: source) { _ in }
    let query = "?mount=\(blob.digest)&from=library%2Fdebian"
    #expect(registry.lines.dropFirst().first == "POST /v2/me/web/blobs/uploads/\(query)")
    #expect(registry.lines.last { $0.hasPrefix("PUT") }?.hasPrefix(put ?? "never") ?? (put == nil))
  }

  @Test func knowsThatARepositoryBesideItHasTheBlob() async throws {
    let registry = mounting(ScriptedAnswer(201))
    let client = registry.client()
    let other = client.repository(ImageReference(registry: "r.example", repository: "base"))
    try await client.repository(image).write(blob, from: other) { _ in }
    #expect(registry.lines.last?.hasSuffix("&from=base") == true)
    let elsewhere = client.repository(ImageReference(registry: "q.example", repository: "base"))
    _ = try? await client.repository(image).write(blob, from: elsewhere) { _ in }
    #expect(!registry.lines.contains { $0.contains("from=base") && $0.contains("q.example") })
    #expect(registry.seen.contains { $0.method == "GET" && $0.url.host() == "q.example" })
  }

  // MARK: Trying again

  @Test(
    "a broken upload begins anew, in a session of its own",
    arguments: [
      ScriptedAnswer(500), ScriptedAnswer(503, ["Retry-After": "3"]), ScriptedAnswer(429), ScriptedAnswer(404),
      ScriptedAnswer(401),
    ])
  func retries(answer: ScriptedAnswer) async throws {
    let sessions = Mutex(0)
    let registry = ScriptedRegistry { request, _ in
      switch request.method {
      case "HEAD": return ScriptedAnswer(404)
      case "POST": return ScriptedAnswer(202, ["Location": "/\(sessions.withLock { $0 += 1; return $0 })"])
      default: return request.url.path() == "/1" ? answer : ScriptedAnswer(201)
      }
    }
    try await push(registry)
    #expect(registry.lines.filter { $0.hasPrefix("PUT") }.map { $0.prefix(6) } == ["PUT /1", "PUT /2"])
    #expect(registry.slept == [answer.headers.contains(name: "Retry-After") ? .seconds(3) : .milliseconds(250)])
  }

  @Test func noticesThatALostAnswerWasASuccess() async throws {
    let registry = ScriptedRegistry { request, count in
      switch request.method {
      case "HEAD": return ScriptedAnswer(count == 0 ? 404 : 200)
      case "POST": return ScriptedAnswer(202, ["Location": "/1"])
      default: throw HTTPError(.connectionLost, "cut")
      }
    }
    try await push(registry)
    #expect(registry.lines.count { $0.hasPrefix("PUT") } == 1)
  }

  @Test(
    "what is not tried again",
    arguments: [
      (
        ScriptedAnswer(403, body: #"{"errors":[{"code":"DENIED","message":"no"}]}"#), DiagnosticCode.denied,
        ExitCode.authentication
      ),
      (ScriptedAnswer(400, body: #"{"errors":[{"code":"SIZE_INVALID"}]}"#), .registryRefused, .failure),
      (ScriptedAnswer(413), .registryRefused, .failure),
      (ScriptedAnswer(201, ["Docker-Content-Digest": manifestDigest.description]), .digestMismatch, .failure),
    ])
  func lastingFailures(answer: ScriptedAnswer, code: DiagnosticCode, exitCode: ExitCode) async throws {
    let registry = ScriptedRegistry { request, _ in
      switch request.method {
      case "HEAD": ScriptedAnswer(404)
      case "POST": ScriptedAnswer(202, ["Location": "/1"])
      default: answer
      }
    }
    let error = await registryError { try await push(registry) }
    #expect(error?.code == code && error?.exitCode == exitCode)
    #expect(registry.lines.count { $0.hasPrefix("PUT") } == 1)
  }

  @Test("what was damaged on its way is sent once more", arguments: [1, 2])
  func damage(times: Int) async throws {
    let registry = ScriptedRegistry { request, count in
      switch request.method {
      case "HEAD": ScriptedAnswer(404)
      case "POST": ScriptedAnswer(202, ["Location": "/1"])
      default:
        count < times ? ScriptedAnswer(400, body: #"{"errors":[{"code":"DIGEST_INVALID"}]}"#) : ScriptedAnswer(201)
      }
    }
    let error = await registryError { try await push(registry) }
    #expect(error?.code == (times == 1 ? nil : .registryRefused))
    #expect(registry.lines.count { $0.hasPrefix("PUT") } == 2)
  }

  @Test func givesUpAfterTheLastAttempt() async throws {
    let registry = ScriptedRegistry { request, _ in
      switch request.method {
      case "HEAD": return ScriptedAnswer(404)
      case "POST": return ScriptedAnswer(202, ["Location": "/1"])
      default: throw HTTPError(.connectionLost, "the connection was cut")
      }
    }
    let error = await registryError { try await push(registry) }
    #expect(error?.code == .registryUnreachable && error?.exitCode == .unavailable)
    #expect(registry.lines.count { $0.hasPrefix("PUT") } == RetryPolicy.standard.attempts)
  }

  @Test func doesNotHideThatTheSourceIsDamaged() async throws {
    let registry = mounting(ScriptedAnswer(404))
    let damaged = MemoryBlobs(blobs: [blob.digest: Array("hello, registrx".utf8)])
    await #expect(throws: BlobMismatch.self) {
      try await registry.client().repository(image).write(blob, from: damaged) { _ in }
    }
    #expect(registry.lines.count { $0.hasPrefix("POST") } == 1)
  }
}
