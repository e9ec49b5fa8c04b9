import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOCore
import OCI
import Registry
import SystemPackage
import Synchronization
import TestSupport
import Testing

/// Against a real registry.
@Suite struct LiveRegistryTests {
  private func client(
    for registry: TestRegistry, _ credential: Credential? = nil, trusting files: [FilePath] = []
  ) throws -> RegistryClient {
    var policy = RetryPolicy.standard
    policy.firstPause = .milliseconds(1)
    let http = HTTPClient(
      transport: .live(trustRoots: try TrustRoots([:], files: files)), userAgent: "slipway/test", retryPolicy: policy)
    let own = registry.credentials.map { Credential.basic(user: $0.user, password: $0.password) }
    let credentials = [registry.authority: credential ?? own].compactMapValues { $0 }
    return RegistryClient(http: http, credentials: StaticCredentials(credentials))
  }

  private func image(_ registry: TestRegistry, _ repository: String = "me/web", tag: String? = "1") -> ImageReference {
    ImageReference(registry: registry.authority, repository: repository, tag: tag)
  }

  /// Pushes a small image and returns its manifest.
  @discardableResult
  private func push(
    to reference: ImageReference, with client: RegistryClient, from store: ContentStore
  ) async throws -> RawManifest {
    let config = try store.store(
      Array(#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#.utf8),
      mediaType: .ociConfig)
    let layer = try store.store(Array("a layer, if nobody looks closely".utf8), mediaType: .ociLayer)
    let manifest = try RawManifest(ImageManifest(config: config, layers: [layer]))
    let repository = client.repository(reference)
    for blob in [config, layer] { try await repository.write(blob, from: store) { _ in } }
    try await repository.write(manifest, tag: reference.tag)
    return manifest
  }

  @Test("a blob goes there while it is written", arguments: [false, true])
  func growingBlob(isThere: Bool) async throws {
    try await TestRegistry.serve(TestRegistry.Configuration(access: .token(.example))) { registry in
      let client = try client(for: registry)
      let folder = try TemporaryDirectory()
      let store = ContentStore(root: folder.path)
      let repository = client.repository(image(registry))
      let content = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 16) }
      let descriptor = Descriptor(mediaType: .ociLayer, of: content)
      if isThere { try await repository.write(try store.store(content, mediaType: .ociLayer), from: store) { _ in } }
      var ingest = try store.ingest()
      let blob = try ingest.growing()
      try content[..<2_000_000].withUnsafeBytes { try ingest.write($0) }
      blob.grow(to: ingest.count)
      async let sent = repository.write(blob)
      try content[2_000_000...].withUnsafeBytes { try ingest.write($0) }
      blob.finish(descriptor)
      try ingest.commit(as: descriptor.digest)
      #expect(try await sent.0 == descriptor)
      #expect(try await repository.readWhole(descriptor) == content)
    }
  }

  @Test(
    "an image goes there and back",
    arguments: [
      TestRegistry.Configuration(), .init(access: .basic(.example)), .init(access: .token(.example)),
      .init(access: .token(.example, anonymousPull: true, lifetime: 1)), .init(usesTLS: true),
      .init(access: .basic(.example), usesTLS: true),
    ])
  func roundTrip(configuration: TestRegistry.Configuration) async throws {
    try await TestRegistry.serve(configuration) { registry in
      let client = try client(for: registry, trusting: registry.certificate.map { [$0] } ?? [])
      let folder = try TemporaryDirectory()
      let reference = image(registry)
      let manifest = try await push(to: reference, with: client, from: ContentStore(root: folder.path))
      for name in [reference, reference.with(digest: manifest.descriptor.digest)] {
        #expect(try await client.manifest(name) == manifest)
      }
      guard case .image(let content) = manifest.content else { throw HTTPError(.invalidURL, "no image") }
      let blobs = client.blobs(of: reference)
      #expect(try await blobs.readWhole(content.layers[0]) == Array("a layer, if nobody looks closely".utf8))
      let shown = try await Tool.output(
        "skopeo", ["inspect", "--raw"] + registry.skopeoOptions + ["docker://\(registry.authority)/me/web:1"])
      #expect(Digest(sha256Of: shown.utf8) == manifest.descriptor.digest)
    }
  }

  @Test func usesAnIdentityToken() async throws {
    try await TestRegistry.serve(.init(access: .token(.example))) { registry in
      let folder = try TemporaryDirectory()
      let client = try client(for: registry, .identityToken(registry.identityToken))
      try await push(to: image(registry), with: client, from: ContentStore(root: folder.path))
      let requests = try registry.tokenRequests()
      #expect(!requests.isEmpty && requests.allSatisfy { $0.hasPrefix("token POST") }, "\(requests)")
    }
  }

  @Test func onePushNeedsOneToken() async throws {
    try await TestRegistry.serve(.init(access: .token(.example))) { registry in
      let folder = try TemporaryDirectory()
      try await push(to: image(registry), with: client(for: registry), from: ContentStore(root: folder.path))
      #expect(try registry.tokenRequests().count == 1)
    }
  }

  @Test func mountsWhatARepositoryBesideItHas() async throws {
    try await TestRegistry.serve(.init(access: .token(.example))) { registry in
      let folder = try TemporaryDirectory()
      let store = ContentStore(root: folder.path)
      let client = try client(for: registry)
      try await push(to: image(registry, "base"), with: client, from: store)
      let layer = try store.store(Array("a layer, if nobody looks closely".utf8), mediaType: .ociLayer)
      let other = client.repository(image(registry, "other"))
      try await other.write(layer, from: client.blobs(of: image(registry, "base"))) { _ in }
      #expect(try await other.contains(layer))
      let requests = try registry.requests().filter { $0.path.contains("/v2/other/") }
      #expect(!requests.contains { $0.method == "PUT" }, "\(requests)")
    }
  }

  // MARK: Failures

  @Test(
    "a wrong password ends with code 4",
    arguments: [TestRegistry.Access.basic(.example), .token(.example)])
  func wrongPassword(access: TestRegistry.Access) async throws {
    try await TestRegistry.serve(.init(access: access)) { registry in
      let folder = try TemporaryDirectory()
      try registry.writeDockerConfiguration(
        in: folder.path, credentials: .init(user: "sailor", password: "WRONG"))
      let provider = DockerConfigCredentials(["DOCKER_CONFIG": folder.path.string])
      let http = HTTPClient(transport: .live(), userAgent: "slipway/test")
      let client = RegistryClient(http: http, credentials: provider)
      let error = try #require(await registryError { _ = try await client.manifest(image(registry)) })
      #expect(error.code == .unauthorized && error.exitCode == .authentication)
      #expect(error.diagnostic.notes.contains { $0.message.contains("\(folder.path)/config.json") })
      #expect(!"\(error)".contains("WRONG"))
    }
  }

  @Test func nobodyListens() async throws {
    let port = try await TestRegistry.serve(.init(storage: .memory)) { $0.port }
    var http = HTTPClient(transport: .live(), userAgent: "slipway/test")
    http.retryPolicy.firstPause = .milliseconds(1)
    let client = RegistryClient(http: http, credentials: StaticCredentials.anonymous)
    let error = await registryError { _ = try await client.manifest(ImageReference(parsing: "127.0.0.1:\(port)/a")) }
    #expect(error?.code == .registryUnreachable && error?.exitCode.rawValue == 69)
    #expect(error?.diagnostic.notes.map(\.message) == ["nothing listens at 127.0.0.1:\(port)"])
  }

  @Test func anUnknownAuthorityIsNotTrusted() async throws {
    try await TestRegistry.serve(.init(usesTLS: true, storage: .memory)) { registry in
      let client = try client(for: registry)
      let error = await registryError { _ = try await client.manifest(image(registry)) }
      #expect(error?.code == .certificateUntrusted && error?.exitCode == .unavailable)
    }
  }

  @Test func tellsAMissingTagFromAMissingRepository() async throws {
    try await TestRegistry.serve { registry in
      let folder = try TemporaryDirectory()
      let client = try client(for: registry)
      try await push(to: image(registry), with: client, from: ContentStore(root: folder.path))
      let tag = await registryError { _ = try await client.manifest(image(registry, tag: "2")) }
      #expect(tag?.code == .manifestUnknown)
      #expect(tag?.diagnostic.help == ["the repository has 1"])
      let repository = await registryError { _ = try await client.manifest(image(registry, "nothing")) }
      #expect(repository?.code == .nameUnknown)
    }
  }

  @Test func aManifestWithoutItsBlobsIsRefused() async throws {
    try await TestRegistry.serve(.init(storage: .memory)) { registry in
      let client = try client(for: registry)
      let manifest = try RawManifest(bytes: manifestBytes, mediaType: nil)
      let error = await registryError { try await client.repository(image(registry)).write(manifest, tag: "1") }
      #expect(error?.code == .registryRefused)
      #expect(error?.diagnostic.notes.contains { $0.message.contains("MANIFEST_BLOB_UNKNOWN") } == true)
    }
  }

  // MARK: Much data

  /// Bytes that gzip could not make smaller, in the store.
  private func largeBlob(_ size: Int, in store: ContentStore) throws -> Descriptor {
    var ingest = try store.ingest()
    var hasher = SHA256Hasher()
    var state: UInt64 = 88_172_645_463_325_252
    var block = [UInt64](repeating: 0, count: 1 << 15)
    for _ in 0..<(size >> 18) {
      for index in block.indices {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        block[index] = state
      }
      try block.withUnsafeBytes { bytes in
        hasher.update(bytes)
        try ingest.write(bytes)
      }
    }
    guard let digest = Digest(sha256Hex: hasher.finalizeHex()) else { throw HTTPError(.invalidURL, "no digest") }
    let count = ingest.count
    try ingest.commit(as: digest)
    return Descriptor(mediaType: .ociLayerGzip, digest: digest, size: count)
  }

  @Test func resumesADownloadThatIsCut() async throws {
    try await TestRegistry.serve { registry in
      let folder = try TemporaryDirectory()
      let store = ContentStore(root: folder.path.appending("a"))
      let blob = try largeBlob(8 << 20, in: store)
      let client = try client(for: registry)
      try await client.repository(image(registry)).write(blob, from: store) { _ in }
      try await CuttingProxy.use(before: registry.port, cutting: .download, after: 1 << 20, times: 3) { proxy in
        let reference = ImageReference(registry: "127.0.0.1:\(proxy.port)", repository: "me/web")
        let back = ContentStore(root: folder.path.appending("b"))
        try await back.fetch(blob, from: client.blobs(of: reference))
        #expect(back.contains(blob.digest))
        #expect(proxy.cuts == 3)
      }
      let reads = try registry.requests().filter { $0.method == "GET" && $0.path.contains("/blobs/") }
      #expect(reads.contains { $0.status == 206 }, "\(reads)")
    }
  }

  @Test func repeatsAnUploadThatIsCut() async throws {
    try await TestRegistry.serve { registry in
      let folder = try TemporaryDirectory()
      let store = ContentStore(root: folder.path)
      let blob = try largeBlob(8 << 20, in: store)
      let client = try client(for: registry)
      try await CuttingProxy.use(before: registry.port, cutting: .upload, after: 1 << 20, times: 2) { proxy in
        let reference = ImageReference(registry: "127.0.0.1:\(proxy.port)", repository: "me/web")
        try await client.repository(reference).write(blob, from: store) { _ in }
        #expect(proxy.cuts == 2)
      }
      #expect(try await client.repository(image(registry)).contains(blob))
      let sessions = try registry.requests().count { $0.method == "POST" && $0.status == 202 }
      #expect(sessions == 3)
    }
  }
}
