import Diagnostics
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import OCI
import Registry
import Testing

@Suite struct DownloadTests {
  private static let bytes = Array("hello, registry".utf8)
  private let blob = Descriptor(mediaType: .ociLayerGzip, of: bytes)
  private let image = ImageReference(registry: "r.example", repository: "me/web", tag: "1")

  private static func cut(_ bytes: some Sequence<UInt8>) -> HTTPBytes {
    HTTPBytes(AsyncChunks(chunks: [ByteBuffer(bytes: bytes)], failure: HTTPError(.connectionLost, "cut")))
  }

  /// Sends five bytes at a time and cuts the connection then.
  private func cutting(knowsRanges: Bool) -> ScriptedRegistry {
    ScriptedRegistry { request, count in
      let range = request.headers.first(name: "Range").flatMap { Int($0.dropFirst(6).dropLast()) }
      guard knowsRanges, let start = range else {
        return ScriptedAnswer(200, stream: Self.cut(Self.bytes.prefix((count + 1) * 5)))
      }
      return ScriptedAnswer(
        206, ["Content-Range": "bytes \(start)-14/15"], stream: Self.cut(Self.bytes.dropFirst(start).prefix(5)))
    }
  }

  @Test("goes on where a connection was cut", arguments: [true, false])
  func resumes(knowsRanges: Bool) async throws {
    let registry = cutting(knowsRanges: knowsRanges)
    #expect(try await registry.client().repository(image).readWhole(blob) == Self.bytes)
    #expect(registry.seen.prefix(3).map { $0.headers.first(name: "Range") } == [nil, "bytes=5-", "bytes=10-"])
    #expect(registry.slept.prefix(2) == [.milliseconds(250), .milliseconds(250)])
  }

  @Test func noticesAnEndWithoutALength() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.headers.contains(name: "Range")
        ? ScriptedAnswer(206, ["Content-Range": "bytes 5-14/15"], bytes: Array(Self.bytes.dropFirst(5)))
        : ScriptedAnswer(200, bytes: Array(Self.bytes.prefix(5)))
    }
    #expect(try await registry.client().repository(image).readWhole(blob) == Self.bytes)
  }

  @Test func givesUpWhenNoByteComes() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.headers.contains(name: "Range")
        ? ScriptedAnswer(206, ["Content-Range": "bytes 5-14/15"], stream: Self.cut([]))
        : ScriptedAnswer(200, stream: Self.cut(Self.bytes.prefix(5)))
    }
    let error = await registryError { _ = try await registry.client().repository(image).readWhole(blob) }
    #expect(error?.code == .registryUnreachable && error?.exitCode == .unavailable)
    #expect(registry.lines.count == RetryPolicy.standard.attempts)
  }

  @Test(
    "damage is noticed",
    arguments: ["hello, registrx", "hello, registry and more", "", "hello"])
  func damage(text: String) async throws {
    let registry = ScriptedRegistry { request, _ in
      request.headers.contains(name: "Range")
        ? ScriptedAnswer(416) : ScriptedAnswer(200, body: text)
    }
    let error = await #expect(throws: (any Error).self) {
      try await registry.client().repository(image).readWhole(blob)
    }
    let code = (error as? RegistryError)?.code
    #expect(error is BlobMismatch || code == .registryRefused || code == .registryUnreachable)
  }

  @Test func refusesAnotherRangeThanItAskedFor() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.headers.contains(name: "Range")
        ? ScriptedAnswer(206, ["Content-Range": "bytes 0-14/15"], bytes: Self.bytes)
        : ScriptedAnswer(200, stream: Self.cut(Self.bytes.prefix(5)))
    }
    let error = await registryError { _ = try await registry.client().repository(image).readWhole(blob) }
    #expect(error?.code == .registryRefused)
  }

  // MARK: Manifests

  private func read(_ answer: ScriptedAnswer, tags: ScriptedAnswer = ScriptedAnswer(404)) async -> RegistryError? {
    let registry = ScriptedRegistry { request, _ in request.description.contains("/tags/list") ? tags : answer }
    return await registryError { _ = try await registry.client().manifest(image) }
  }

  @Test func asksForAllTypesOfManifests() async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(200, manifestHeaders, bytes: manifestBytes) }
    let manifest = try await registry.client().manifest(image.with(digest: manifestDigest))
    #expect(manifest.bytes == manifestBytes && manifest.descriptor.mediaType == .ociManifest)
    #expect(registry.lines == ["GET /v2/me/web/manifests/\(manifestDigest)"])
    for type in MediaType.manifests {
      #expect(registry.seen[0].headers.first(name: "Accept")?.contains(type.rawValue) == true)
    }
  }

  @Test func refusesAnotherManifestThanWasAskedFor() async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(200, manifestHeaders, bytes: manifestBytes) }
    let error = await registryError { _ = try await registry.client().manifest(image.with(digest: blob.digest)) }
    #expect(error?.code == .digestMismatch)
  }

  @Test(
    "manifests that are not believed",
    arguments: [
      (["Docker-Content-Digest": "sha256:\(String(repeating: "0", count: 64))"], 0, DiagnosticCode.digestMismatch),
      (["Content-Type": "application/vnd.oci.image.index.v1+json"], 0, .registryFailed),
      ([:], 4 << 20, .manifestTooLarge),
    ])
  func unbelievable(headers: [String: String], padding: Int, code: DiagnosticCode) async throws {
    let bytes = manifestBytes + Array(repeating: 32, count: padding)
    let error = await read(ScriptedAnswer(200, HTTPHeaders(headers.map { ($0.key, $0.value) }), bytes: bytes))
    #expect(error?.code == code)
  }

  private static let unknown = ScriptedAnswer(
    404, body: #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"1"}}]}"#)

  @Test(
    "says what is missing",
    arguments: [
      (
        unknown, ScriptedAnswer(200, body: #"{"name":"me/web","tags":["2","10","latest"]}"#),
        DiagnosticCode.manifestUnknown,
        "r.example/me/web has no tag 1", "the repository has 10, 2, latest"
      ),
      (
        unknown, ScriptedAnswer(200, body: #"{"tags":null}"#), .manifestUnknown, "r.example/me/web has no tag 1",
        "the repository is empty: push an image first"
      ),
      (unknown, ScriptedAnswer(401), .manifestUnknown, "r.example/me/web has no tag 1", "check the name and the tag"),
      (
        unknown, ScriptedAnswer(404), .nameUnknown, "the registry r.example has no repository me/web",
        "check the name, or log in if it is private: docker login r.example"
      ),
      (
        ScriptedAnswer(404, body: #"{"errors":[{"code":"NAME_UNKNOWN"}]}"#), ScriptedAnswer(500), .nameUnknown,
        "the registry r.example has no repository me/web",
        "check the name, or log in if it is private: docker login r.example"
      ),
    ])
  func missing(answer: ScriptedAnswer, tags: ScriptedAnswer, code: DiagnosticCode, message: String, help: String)
    async throws
  {
    let error = await read(answer, tags: tags)
    #expect(error?.code == code)
    #expect(error?.diagnostic.message == message)
    #expect(error?.diagnostic.help == [help])
  }

  @Test(
    "what other answers mean",
    arguments: [
      (
        ScriptedAnswer(403), DiagnosticCode.denied, ExitCode.authentication,
        "the registry r.example does not permit to read the manifest of r.example/me/web:1"
      ),
      (
        ScriptedAnswer(429, ["Retry-After": "600"]), .tooManyRequests, .unavailable,
        "the registry r.example has had too many requests from here"
      ),
      (
        ScriptedAnswer(500), .registryFailed, .unavailable,
        "cannot read the manifest of r.example/me/web:1: the registry r.example failed with status 500"
      ),
      (
        ScriptedAnswer(405, body: #"{"errors":[{"code":"UNSUPPORTED","message":"not here"}]}"#), .registryRefused,
        .failure,
        "cannot read the manifest of r.example/me/web:1: the registry r.example answered with status 405"
      ),
      (
        ScriptedAnswer(302), .registryRefused, .failure,
        "cannot read the manifest of r.example/me/web:1: the registry r.example answered with status 302"
      ),
    ])
  func failures(answer: ScriptedAnswer, code: DiagnosticCode, exitCode: ExitCode, message: String) async throws {
    let error = await read(answer)
    #expect(error?.code == code && error?.exitCode == exitCode)
    #expect(error?.diagnostic.message == message)
    #expect(error?.diagnostic.help.count == 1)
  }

  @Test func looksUpADigestWithoutReading() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.description.hasSuffix("/1")
        ? ScriptedAnswer(200, HTTPHeaders(Array(manifestHeaders) + [("Content-Length", "42")]))
        : request.description.contains("/tags/") ? ScriptedAnswer(200, body: #"{"tags":["1"]}"#) : ScriptedAnswer(404)
    }
    let found = try await registry.client().descriptor(image)
    #expect(found == Descriptor(mediaType: .ociManifest, digest: manifestDigest, size: 42))
    #expect(registry.lines == ["HEAD /v2/me/web/manifests/1"])
    let error = await registryError {
      _ = try await registry.client().descriptor(image.with(digest: blob.digest))
    }
    #expect(error?.code == .manifestUnknown)
  }

  @Test func looksUpADigestByReadingWhereTheRegistryDoesNotTellIt() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.method == "HEAD"
        ? ScriptedAnswer(200)
        : ScriptedAnswer(200, ["Content-Type": MediaType.ociManifest.rawValue], bytes: manifestBytes)
    }
    let found = try await registry.client().descriptor(image)
    #expect(found == Descriptor(mediaType: .ociManifest, of: manifestBytes))
    #expect(registry.lines == ["HEAD /v2/me/web/manifests/1", "GET /v2/me/web/manifests/1"])
  }
}
