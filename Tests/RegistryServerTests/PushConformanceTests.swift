import Foundation
import HostOS
import NIOHTTP1
import OCI
import RegistryServer
import SystemPackage
import TestSupport
import Testing

/// distribution-spec, "Push".
@Suite("distribution-spec: push") struct PushConformanceTests {
  private static let content = Array("0123456789abcdefghij".utf8)
  private static let digest = Digest(sha256Of: content)

  private func begin(_ registry: ServedRegistry) async throws -> String {
    let reply = try await registry.send(.POST, "/v2/app/blobs/uploads/", ["Content-Length": "0"])
    #expect(reply.status == 202 && reply["Range"] == "0-0" && reply["Docker-Upload-UUID"]?.isEmpty == false)
    return try #require(reply["Location"])
  }

  private func expectStored(_ reply: ServedRegistry.Reply, _ registry: ServedRegistry) async throws {
    #expect(reply.status == 201, "\(reply.text)")
    let location = try #require(reply["Location"])
    #expect(location == "/v2/app/blobs/\(Self.digest)" && reply["Docker-Content-Digest"] == Self.digest.description)
    #expect(try await registry.send(.GET, location).body == Self.content)
  }

  // MARK: Blobs

  @Test("Pushing a blob monolithically: POST then PUT")
  func postThenPut() async throws {
    try await ServedRegistry.use { registry in
      let reply = try await registry.send(
        .PUT, "\(begin(registry))?digest=\(Self.digest.description.replacing(":", with: "%3A"))",
        ["Content-Type": "application/octet-stream"], Self.content)
      try await expectStored(reply, registry)
    }
  }

  @Test("Pushing a blob monolithically: single POST")
  func singlePost() async throws {
    try await ServedRegistry.use { registry in
      let reply = try await registry.send(
        .POST, "/v2/app/blobs/uploads/?digest=\(Self.digest)", ["Content-Type": "application/octet-stream"],
        Self.content)
      try await expectStored(reply, registry)
    }
  }

  @Test("Pushing a blob in chunks: ranges, progress, and the last chunk with the PUT", arguments: [false, true])
  func chunks(lastWithPut: Bool) async throws {
    try await ServedRegistry.use { registry in
      var location = try await begin(registry)
      let chunks = [0..<8, 8..<16, 16..<20]
      for chunk in chunks.dropLast(lastWithPut ? 1 : 0) {
        let reply = try await registry.send(
          .PATCH, location, ["Content-Range": "\(chunk.lowerBound)-\(chunk.upperBound - 1)"],
          Array(Self.content[chunk]))
        #expect(reply.status == 202 && reply["Range"] == "0-\(chunk.upperBound - 1)")
        location = try #require(reply["Location"])
        let status = try await registry.send(.GET, location)
        #expect(status.status == 204 && status["Range"] == "0-\(chunk.upperBound - 1)")
        #expect(status["Location"] == location)
      }
      let reply = try await registry.send(
        .PUT, "\(location)?digest=\(Self.digest)", lastWithPut ? ["Content-Range": "16-19"] : [:],
        lastWithPut ? Array(Self.content[16..<20]) : [])
      try await expectStored(reply, registry)
      #expect(try await registry.send(.GET, location).errorCode == "BLOB_UPLOAD_UNKNOWN")
    }
  }

  @Test("Pushing a blob in chunks: one stream without ranges")
  func stream() async throws {
    try await ServedRegistry.use { registry in
      let location = try await begin(registry)
      let reply = try await registry.send(.PATCH, location, [:], Self.content)
      #expect(reply.status == 202 && reply["Range"] == "0-19")
      try await expectStored(
        try await registry.send(.PUT, "\(try #require(reply["Location"]))?digest=\(Self.digest)"), registry)
    }
  }

  @Test("Pushing a blob in chunks: out of order is 416, and says where to go on", arguments: [HTTPMethod.PATCH, .PUT])
  func outOfOrder(method: HTTPMethod) async throws {
    try await ServedRegistry.use { registry in
      let location = try await begin(registry)
      let query = method == .PUT ? "?digest=\(Self.digest)" : ""
      for range in ["8-15", "1-8"] {
        let early = try await registry.send(
          method, location + query, ["Content-Range": range], Array(Self.content[0..<8]))
        #expect(early.status == 416 && early["Range"] == "0-0" && early["Location"] == location)
      }
      _ = try await registry.send(.PATCH, location, ["Content-Range": "0-7"], Array(Self.content[0..<8]))
      let again = try await registry.send(
        method, location + query, ["Content-Range": "0-7"], Array(Self.content[0..<8]))
      #expect(again.status == 416 && again["Range"] == "0-7")
      let last = try await registry.send(
        .PUT, "\(location)?digest=\(Self.digest)", ["Content-Range": "8-19"], Array(Self.content[8...]))
      try await expectStored(last, registry)
    }
  }

  @Test(
    "Pushing a blob in chunks: what is no range",
    arguments: [("bytes 0-3/4", "BLOB_UPLOAD_INVALID"), ("3-0", "BLOB_UPLOAD_INVALID"), ("0-9", "SIZE_INVALID")])
  func wrongRanges(range: String, code: String) async throws {
    try await ServedRegistry.use { registry in
      let reply = try await registry.send(.PATCH, begin(registry), ["Content-Range": range], [1, 2, 3, 4])
      #expect(reply.status == 400 && reply.errorCode == code)
    }
  }

  @Test("Canceling an upload, and uploads that are not there")
  func cancel() async throws {
    try await ServedRegistry.use { registry in
      let location = try await begin(registry)
      #expect(try await registry.send(.DELETE, location.replacing("/app/", with: "/other/")).status == 404)
      #expect(try await registry.send(.DELETE, location).status == 204)
      for method in [HTTPMethod.GET, .PATCH, .DELETE] {
        let reply = try await registry.send(method, location)
        #expect(reply.status == 404 && reply.errorCode == "BLOB_UPLOAD_UNKNOWN")
      }
      #expect(try Files.names(in: registry.store.layout.removingLastComponent().appending("ingest")).isEmpty)
    }
  }

  @Test("a digest that is not that of the content is 400, and nothing is stored")
  func wrongDigests() async throws {
    try await ServedRegistry.use { registry in
      let wrong = Digest(sha256Of: Array("something else".utf8))
      let location = try await begin(registry)
      var replies = [try await registry.send(.PUT, "\(location)?digest=\(wrong)", [:], Self.content)]
      replies.append(try await registry.send(.POST, "/v2/app/blobs/uploads/?digest=\(wrong)", [:], Self.content))
      let chunked = try await begin(registry)
      _ = try await registry.send(.PATCH, chunked, [:], Self.content)
      replies.append(try await registry.send(.PUT, "\(chunked)?digest=\(wrong)"))
      replies.append(try await registry.send(.PUT, begin(registry), [:], Self.content))
      replies.append(try await registry.send(.PUT, "\(begin(registry))?digest=sha256:x", [:], Self.content))
      replies.append(try await registry.send(.POST, "/v2/app/blobs/uploads/?digest=md5:abc", [:], Self.content))
      for reply in replies { #expect(reply.status == 400 && reply.errorCode == "DIGEST_INVALID", "\(reply)") }
      #expect(!registry.store.contains(wrong) && !registry.store.contains(Self.digest))
    }
  }

  @Test("Mounting a blob from another repository", arguments: ["&from=other", ""])
  func mount(from: String) async throws {
    try await ServedRegistry.use { registry in
      try await registry.push(Self.content, to: "other")
      let reply = try await registry.send(.POST, "/v2/app/blobs/uploads/?mount=\(Self.digest)\(from)")
      try await expectStored(reply, registry)
    }
  }

  @Test(
    "Mounting a blob: what the other repository has not is uploaded", arguments: ["&from=other", "&from=third", ""])
  func mountMissing(from: String) async throws {
    try await ServedRegistry.use { registry in
      if from == "&from=third" { try await registry.push(Self.content, to: "other") }
      let reply = try await registry.send(.POST, "/v2/app/blobs/uploads/?mount=\(Self.digest)\(from)")
      #expect(reply.status == 202)
      let location = try #require(reply["Location"])
      try await expectStored(
        try await registry.send(.PUT, "\(location)?digest=\(Self.digest)", [:], Self.content), registry)
    }
  }

  @Test("digests of SHA-512 are registered, too")
  func sha512() async throws {
    try await ServedRegistry.use { registry in
      let any = try #require(Digest("sha512:" + String(repeating: "0", count: 128)))
      let digest = any.recomputed(of: Self.content)
      let reply = try await registry.send(.PUT, "\(begin(registry))?digest=\(digest)", [:], Self.content)
      #expect(reply.status == 201)
      #expect(try await registry.send(.GET, "/v2/app/blobs/\(digest)").body == Self.content)
      let layer = Descriptor(mediaType: .ociLayer, digest: digest, size: Int64(Self.content.count))
      let config = try await registry.push(Array("{}".utf8), type: .ociConfig)
      let manifest = try RawManifest(ImageManifest(config: config, layers: [layer]))
      let name = any.recomputed(of: manifest.bytes)
      let pushed = try await registry.push(manifest, as: "\(name)?tag=long")
      #expect(pushed.status == 201 && pushed["Docker-Content-Digest"] == name.description)
      #expect(try await registry.send(.GET, "/v2/app/manifests/\(name)").body == manifest.bytes)
      #expect(try await registry.send(.HEAD, "/v2/app/manifests/long")["Docker-Content-Digest"] == name.description)
    }
  }

  // MARK: Manifests

  @Test("Pushing Manifests: by tag, by digest, by digest with tags")
  func manifests() async throws {
    try await ServedRegistry.use { registry in
      let manifest = try await registry.pushImage("1")
      let digest = manifest.descriptor.digest
      for (reference, tags) in [("2", []), ("\(digest)", []), ("\(digest)?tag=3&tag=four", ["3", "four"])] {
        let reply = try await registry.push(manifest, as: reference)
        #expect(reply.status == 201 && reply["Location"] == "/v2/app/manifests/\(digest)")
        #expect(reply["Docker-Content-Digest"] == digest.description)
        #expect(reply.headers["OCI-Tag"] == tags)
      }
      #expect(try await registry.tags().tags == ["1", "2", "3", "four"])
    }
  }

  @Test("a tag can be moved, and the old manifest stays under its digest")
  func movingTags() async throws {
    try await ServedRegistry.use { registry in
      let old = try await registry.pushImage("1")
      let new = try await registry.pushImage("1", layer: "another layer")
      #expect(try await registry.send(.GET, "/v2/app/manifests/1").body == new.bytes)
      #expect(try await registry.send(.GET, "/v2/app/manifests/\(old.descriptor.digest)").body == old.bytes)
    }
  }

  @Test("Pushing Manifests: an index after its parts")
  func indexes() async throws {
    try await ServedRegistry.use { registry in
      let parts = [
        try await registry.pushImage(nil, layer: "one"), try await registry.pushImage(nil, layer: "two"),
      ]
      let index = try RawManifest(ImageIndex(manifests: parts.map(\.descriptor)))
      #expect(try await registry.push(index, as: "all").status == 201)
      let nested = try RawManifest(ImageIndex(manifests: [index.descriptor]))
      #expect(try await registry.push(nested, as: "nested").status == 201)
      #expect(try await registry.push(try RawManifest(ImageIndex(manifests: [])), as: "empty").status == 201)
      let reply = try await registry.send(.GET, "/v2/app/manifests/all")
      #expect(reply.body == index.bytes && reply["Content-Type"] == MediaType.ociIndex.rawValue)
      // Not in this repository.
      let refused = try await registry.push(index, to: "other", as: "all")
      #expect(refused.status == 400 && refused.errorCode == "MANIFEST_BLOB_UNKNOWN")
    }
  }

  @Test("Pushing Manifests: what is refused")
  func refusedManifests() async throws {
    try await ServedRegistry.use { registry in
      let good = try await registry.pushImage("1")
      let type: HTTPHeaders = ["Content-Type": MediaType.ociManifest.rawValue]
      let absent = Descriptor(mediaType: .ociLayer, of: Array("absent".utf8))
      guard case .image(var image) = good.content else { throw TestFailure("no image") }
      image.layers.append(absent)
      let incomplete = try RawManifest(image).bytes
      let cases: [(reference: String, headers: HTTPHeaders, body: [UInt8], status: Int, code: String)] = [
        ("2", type, incomplete, 400, "MANIFEST_BLOB_UNKNOWN"),
        ("2", type, Array("{".utf8), 400, "MANIFEST_INVALID"),
        ("2", type, [], 400, "MANIFEST_INVALID"),
        ("2", type, Array(#"{"schemaVersion":1}"#.utf8), 400, "MANIFEST_INVALID"),
        ("2", ["Content-Type": MediaType.ociIndex.rawValue], good.bytes, 400, "MANIFEST_INVALID"),
        ("\(absent.digest)", type, good.bytes, 400, "DIGEST_INVALID"),
        ("\(good.descriptor.digest)", type, good.bytes + [0x20], 400, "DIGEST_INVALID"),
        ("sha256:baddigeststring", type, good.bytes, 400, "DIGEST_INVALID"),
        ("-", type, good.bytes, 400, "TAG_INVALID"),
        ("\(good.descriptor.digest)?tag=-", type, good.bytes, 400, "TAG_INVALID"),
        ("2", type, good.bytes + [UInt8](repeating: 0x20, count: 4 << 20), 413, "SIZE_INVALID"),
      ]
      for (reference, headers, body, status, code) in cases {
        let reply = try await registry.send(.PUT, "/v2/app/manifests/\(reference)", headers, body)
        #expect(reply.status == status && reply.errorCode == code, "\(reference): \(reply.status) \(reply.text)")
      }
      #expect(try await registry.tags().tags == ["1"])
    }
  }

  @Test("Pushing Manifests: almost 4 MiB, unknown fields, layers that are fetched from elsewhere")
  func unusualManifests() async throws {
    try await ServedRegistry.use { registry in
      try await registry.pushImage("large") { image in
        image.annotations = Dictionary(
          uniqueKeysWithValues: (0..<390).map { ("large-\($0)", String(repeating: "A", count: 10_000)) })
      }
      try await registry.pushImage("foreign") { image in
        var foreign = Descriptor(mediaType: .ociLayer, of: Array("elsewhere".utf8))
        foreign.urls = ["https://store.example.com/blob"]
        image.layers.append(foreign)
      }
      let plain = try await registry.pushImage("plain")
      let text = String(decoding: plain.bytes, as: UTF8.self).dropLast() + #","x-unknown":{"a":[1]}}"#
      let reply = try await registry.send(
        .PUT, "/v2/app/manifests/unknown", ["Content-Type": MediaType.ociManifest.rawValue], Array(text.utf8))
      #expect(reply.status == 201)
      #expect(try await registry.send(.GET, "/v2/app/manifests/unknown").text == text)
    }
  }

  @Test("Pushing Manifests with Subject: OCI-Subject, also when the subject is missing")
  func subjects() async throws {
    try await ServedRegistry.use { registry in
      let subject = try await registry.pushImage("1").descriptor
      for digest in [subject.digest, Digest(sha256Of: Array("missing".utf8))] {
        let config = try await registry.push(Array("{}".utf8), type: .ociConfig)
        var artifact = ImageManifest(config: config, layers: [])
        artifact.subject = Descriptor(mediaType: .ociManifest, digest: digest, size: 123)
        let reply = try await registry.push(try RawManifest(artifact))
        #expect(reply.status == 201 && reply["OCI-Subject"] == digest.description)
      }
    }
  }
}
