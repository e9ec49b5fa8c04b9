import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
import OCI
import Registry
import Testing

/// Tags of repositories, and what refers to manifests.
@Suite struct ListTests {
  private let image = ImageReference(registry: "r.example", repository: "me/web", tag: "1")

  @Test func tagsComeInPages() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.description.contains("last=b")
        ? ScriptedAnswer(200, body: #"{"name":"me/web","tags":["c"]}"#)
        : ScriptedAnswer(
          200, ["Link": #"</v2/me/web/tags/list?last=b&n=1000>; rel="next""#],
          body: #"{"name":"me/web","tags":["a","b"]}"#)
    }
    #expect(try await registry.client().tags(of: image) == ["a", "b", "c"])
    #expect(
      registry.lines == ["GET /v2/me/web/tags/list?n=1000", "GET /v2/me/web/tags/list?last=b&n=1000"])
  }

  @Test func aRepositoryMayHaveNoTags() async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(200, body: #"{"name":"me/web","tags":null}"#) }
    #expect(try await registry.client().tags(of: image) == [])
  }

  @Test(
    "lists that cannot be read are errors",
    arguments: [
      (
        ScriptedAnswer(404, body: #"{"errors":[{"code":"NAME_UNKNOWN","message":"unknown"}]}"#),
        DiagnosticCode.nameUnknown
      ),
      (ScriptedAnswer(200, body: "<html>"), .registryFailed), (ScriptedAnswer(403), .denied),
    ])
  func failures(answer: ScriptedAnswer, code: DiagnosticCode) async throws {
    let registry = ScriptedRegistry { _, _ in answer }
    let error = await registryError { _ = try await registry.client().tags(of: image) }
    #expect(error?.code == code)
  }

  // MARK: Referrers

  private let signature = Descriptor(mediaType: .ociManifest, of: Array("signature".utf8))

  private func index(_ descriptors: [Descriptor]) throws -> [UInt8] {
    try RawManifest(ImageIndex(manifests: descriptors)).bytes
  }

  @Test func referrersAreThoseThatTheRegistryLists() async throws {
    let list = try index([signature])
    let registry = ScriptedRegistry { request, _ in
      request.url.path().contains("/referrers/") ? ScriptedAnswer(200, bytes: list) : ScriptedAnswer(404)
    }
    #expect(try await registry.client().referrers(of: manifestDigest, in: image) == [signature])
    #expect(registry.lines == ["GET /v2/me/web/referrers/\(manifestDigest)"])
  }

  @Test("where the registry has no list, a tag is one", arguments: [true, false])
  func taggedReferrers(isTagged: Bool) async throws {
    let list = try index([signature])
    let tag = "sha256-\(manifestDigest.hex)"
    let registry = ScriptedRegistry { request, _ in
      request.url.path().hasSuffix("/manifests/\(tag)") && isTagged
        ? ScriptedAnswer(200, ["Content-Type": MediaType.ociIndex.rawValue], bytes: list) : ScriptedAnswer(404)
    }
    #expect(try await registry.client().referrers(of: manifestDigest, in: image) == (isTagged ? [signature] : []))
    #expect(registry.lines.prefix(2).last == "GET /v2/me/web/manifests/\(tag)")
  }

  private func referring() throws -> RawManifest {
    var manifest = ImageManifest(config: Descriptor(mediaType: .ociConfig, of: Array("{}".utf8)), layers: [])
    manifest.subject = Descriptor(mediaType: .ociManifest, of: manifestBytes)
    manifest.artifactType = "application/vnd.example.signature"
    manifest.annotations = ["of": "me"]
    return try RawManifest(manifest)
  }

  @Test func aRegistryThatKnowsSubjectsKeepsTheListItself() async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(201, ["OCI-Subject": manifestDigest.description]) }
    let referrer = try referring()
    try await registry.client().repository(image).write(referrer, tag: nil)
    #expect(registry.lines == ["PUT /v2/me/web/manifests/\(referrer.descriptor.digest)"])
  }

  @Test("else the tag gets it, once", arguments: [false, true])
  func referrersTag(isListed: Bool) async throws {
    let referrer = try referring()
    var listed = referrer.descriptor
    listed.artifactType = "application/vnd.example.signature"
    listed.annotations = ["of": "me"]
    let list = try index(isListed ? [signature, listed] : [signature])
    let registry = ScriptedRegistry { request, _ in
      request.method == "GET"
        ? ScriptedAnswer(200, ["Content-Type": MediaType.ociIndex.rawValue], bytes: list) : ScriptedAnswer(201)
    }
    try await registry.client().repository(image).write(referrer, tag: nil)
    let written = registry.seen.filter { $0.method == "PUT" && $0.url.path().hasSuffix("sha256-\(manifestDigest.hex)") }
    #expect(try written.map(\.body) == (isListed ? [] : [index([signature, listed])]))
  }
}
