import HTTP
import HostOS
import NIOHTTP1
import OCI
import RegistryServer
import TestSupport
import Testing

/// distribution-spec, "Pull", and "Determining Support".
@Suite("distribution-spec: pull") struct PullConformanceTests {
  @Test("Determining Support: GET /v2/ answers 200")
  func base() async throws {
    try await ServedRegistry.use { registry in
      for path in ["/v2/", "/v2"] {
        let reply = try await registry.send(.GET, path)
        #expect(reply.status == 200 && reply["Docker-Distribution-API-Version"] == "registry/2.0")
      }
      #expect(try await registry.send(.POST, "/v2/").status == 405)
      #expect(try await registry.send(.GET, "/v1/search").status == 404)
    }
  }

  @Test("Pulling manifests: GET and HEAD by tag and by digest")
  func manifests() async throws {
    try await ServedRegistry.use { registry in
      let manifest = try await registry.pushImage("1", to: "team/app")
      for reference in ["1", manifest.descriptor.digest.description] {
        for method in [HTTPMethod.GET, .HEAD] {
          let reply = try await registry.send(
            method, "/v2/team/app/manifests/\(reference)", ["Accept": MediaType.ociManifest.rawValue])
          #expect(reply.status == 200)
          #expect(reply["Content-Type"] == MediaType.ociManifest.rawValue)
          #expect(reply["Content-Length"] == "\(manifest.bytes.count)")
          #expect(reply["Docker-Content-Digest"] == manifest.descriptor.digest.description)
          #expect(reply.body == (method == .GET ? manifest.bytes : []))
        }
      }
    }
  }

  @Test(
    "Pulling manifests: what is not there is 404",
    arguments: [
      ("app/manifests/2", 404, "MANIFEST_UNKNOWN"),
      ("app/manifests/sha256:\(String(repeating: "0", count: 64))", 404, "MANIFEST_UNKNOWN"),
      ("app/manifests/sha256:baddigeststring", 400, "DIGEST_INVALID"),
      ("app/manifests/-no-tag", 404, "MANIFEST_UNKNOWN"),
      ("other/manifests/1", 404, "NAME_UNKNOWN"),
      ("App/manifests/1", 400, "NAME_INVALID"),
      ("a/../app/manifests/1", 400, "NAME_INVALID"),
      ("a%2f..%2fapp/manifests/1", 400, "NAME_INVALID"),
      ("app/blobs/sha256:\(String(repeating: "0", count: 64))", 404, "BLOB_UNKNOWN"),
      ("app/blobs/sha256:..%2f..%2fx", 404, "UNSUPPORTED"),
      ("app/nothing", 404, "UNSUPPORTED"),
    ])
  func missing(path: String, status: Int, code: String) async throws {
    try await ServedRegistry.use { registry in
      try await registry.pushImage("1")
      let reply = try await registry.send(.GET, "/v2/\(path)")
      #expect(reply.status == status && reply.errorCode == code, "\(reply.status) \(reply.text)")
      let head = try await registry.send(.HEAD, "/v2/\(path)")
      #expect(head.status == status && head.body.isEmpty)
    }
  }

  @Test("Pulling blobs: GET and HEAD", arguments: [0, 2, 1_000_000])
  func blobs(size: Int) async throws {
    try await ServedRegistry.use { registry in
      let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let blob = try await registry.push(content)
      for method in [HTTPMethod.GET, .HEAD] {
        let reply = try await registry.send(method, "/v2/app/blobs/\(blob.digest)")
        #expect(reply.status == 200 && reply["Content-Length"] == "\(size)")
        #expect(reply["Docker-Content-Digest"] == blob.digest.description)
        #expect(reply.body == (method == .GET ? content : []))
      }
    }
  }

  @Test(
    "Pulling blobs: Range",
    arguments: [
      ("bytes=500-1499", 206, "bytes 500-1499/2048"), ("bytes=500-", 206, "bytes 500-2047/2048"),
      ("bytes=-500", 206, "bytes 1548-2047/2048"), ("bytes=-5000", 206, "bytes 0-2047/2048"),
      ("bytes=2000-5000", 206, "bytes 2000-2047/2048"), ("bytes=0-0", 206, "bytes 0-0/2048"),
      ("bytes=500-0", 416, "bytes */2048"), ("bytes=5000-10000", 416, "bytes */2048"),
      ("bytes=2048-", 416, "bytes */2048"), ("bytes=-0", 416, "bytes */2048"),
      ("bytes=0-1,5-6", 200, nil), ("bytes=x-y", 200, nil), ("lines=1-2", 200, nil),
      ("bytes=99999999999999999999-", 200, nil),
    ] as [(String, Int, String?)])
  func ranges(range: String, status: Int, answer: String?) async throws {
    try await ServedRegistry.use { registry in
      let content = (0..<2048).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
      let blob = try await registry.push(content)
      let reply = try await registry.send(.GET, "/v2/app/blobs/\(blob.digest)", ["Range": range])
      #expect(reply.status == status && reply["Content-Range"] == answer)
      guard status != 416 else { return }
      let ends = answer?.dropFirst(6).prefix { $0 != "/" }.split(separator: "-").compactMap { Int($0) } ?? [0, 2047]
      #expect(reply.body == Array(content[ends[0]...ends[1]]))
    }
  }

  @Test("a blob is read from the repositories that have it, and not from others")
  func scopes() async throws {
    try await ServedRegistry.use { registry in
      let blob = try await registry.push(Array("mine".utf8), to: "mine")
      try await registry.pushImage("1", to: "other")
      #expect(try await registry.send(.HEAD, "/v2/mine/blobs/\(blob.digest)").status == 200)
      #expect(try await registry.send(.HEAD, "/v2/other/blobs/\(blob.digest)").status == 404)
    }
  }

  @Test("a blob that was damaged on the disk does not arrive as a whole")
  func damage() async throws {
    try await ServedRegistry.use { registry in
      let content = [UInt8](repeating: 7, count: 700_000)
      let blob = try await registry.push(content)
      var damaged = content
      damaged[600_000] = 8
      try Files.writeAtomically(damaged, to: registry.store.path(of: blob.digest))
      await #expect(throws: HTTPError.self) { try await registry.send(.GET, "/v2/app/blobs/\(blob.digest)") }
    }
  }
}
