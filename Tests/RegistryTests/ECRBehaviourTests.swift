import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOCore
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

/// Against a registry that behaves as Amazon ECR does.
@Suite struct ECRBehaviourTests {
  private func client(_ port: Int, password: String = ECRFront.password) -> RegistryClient {
    var policy = RetryPolicy.standard
    policy.firstPause = .milliseconds(1)
    return RegistryClient(
      http: HTTPClient(transport: .live(), userAgent: "slipway/test", retryPolicy: policy),
      credentials: StaticCredentials(["127.0.0.1:\(port)": .basic(user: "AWS", password: password)]))
  }

  private func name(_ port: Int, _ repository: String = "app") -> ImageReference {
    ImageReference(registry: "127.0.0.1:\(port)", repository: repository)
  }

  private func content(_ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
  }

  /// An image whose blobs are there.
  private func image(
    _ repository: RegistryRepository, _ store: ContentStore, _ mark: String, subject: Descriptor? = nil
  ) async throws -> RawManifest {
    let config = try store.store(Array(#"{"mark":"\#(mark)"}"#.utf8), mediaType: .ociConfig)
    try await repository.write(config, from: store) { _ in }
    var manifest = ImageManifest(config: config, layers: [])
    manifest.subject = subject
    return try RawManifest(manifest)
  }

  @Test func anImmutableTagTakesTheSameImageAgainAndNoOther() async throws {
    try await ECRFront.serve { front, port in
      let scratch = try TemporaryDirectory()
      let store = ContentStore(root: scratch.path)
      let repository = client(port).repository(name(port))
      let first = try await image(repository, store, "first")
      let second = try await image(repository, store, "second")
      for _ in 0..<2 { try await repository.write(first, tag: "1") }
      let error = await registryError { try await repository.write(second, tag: "1") }
      #expect(error?.code == .registryRefused && error?.exitCode == .failure)
      #expect(error?.diagnostic.notes.contains { $0.message.contains("immutable") } == true)
      #expect(error?.diagnostic.help == ["choose another tag: this one cannot be used or changed"])
      #expect(front.manifest("app", "1") == first.bytes)
    }
  }

  @Test func aLayerIsSentOnceWhileItIsMade() async throws {
    try await ECRFront.serve { front, port in
      let scratch = try TemporaryDirectory()
      let store = ContentStore(root: scratch.path)
      let bytes = content(700_000)
      let descriptor = Descriptor(mediaType: .ociLayer, of: bytes)
      var ingest = try store.ingest()
      let blob = try ingest.growing()
      try bytes.withUnsafeBytes { try ingest.write($0) }
      blob.finish(descriptor)
      try ingest.commit(as: descriptor.digest)
      let (written, outcome) = try await client(port).repository(name(port)).write(blob)
      #expect(written == descriptor && outcome == .written)
      #expect(front.blob("app", descriptor.digest.description) == bytes)
      #expect(front.log.filter { $0 == "PATCH 201" }.count == 1 && front.log.filter { $0 == "PUT 201" }.count == 1)
    }
  }

  @Test("what is too large at once goes in parts that are large enough", arguments: [50_001, 100_000, 330_000])
  func parts(size: Int) async throws {
    var settings = ECRFront.Settings()
    (settings.largestBody, settings.smallestPart) = (50_000, 40_000)
    try await ECRFront.serve(settings) { front, port in
      let bytes = content(size)
      let blob = Descriptor(mediaType: .ociLayer, of: bytes)
      let scratch = try TemporaryDirectory()
      let store = ContentStore(root: scratch.path)
      try store.store(bytes, mediaType: .ociLayer)
      var client = client(port)
      // Too short: the registry says what it wants.
      client.chunkLength = 10_000
      try await client.repository(name(port)).write(blob, from: store) { _ in }
      #expect(front.blob("app", blob.digest.description) == bytes)
      #expect(front.log.filter { $0 == "PUT 413" }.count == 1)
      #expect(front.log.filter { $0 == "PATCH 201" }.count == (size + 39_999) / 40_000)
    }
  }

  @Test("mounts are made where the account permits them", arguments: [true, false])
  func mounts(isPermitted: Bool) async throws {
    var settings = ECRFront.Settings()
    settings.permitsMounts = isPermitted
    try await ECRFront.serve(settings) { front, port in
      let scratch = try TemporaryDirectory()
      let store = ContentStore(root: scratch.path)
      let blob = try store.store(content(1000), mediaType: .ociLayer)
      let client = client(port)
      try await client.repository(name(port)).write(blob, from: store) { _ in }
      let outcome = try await client.repository(name(port, "other")).write(
        blob, from: client.blobs(of: name(port))
      ) { _ in }
      #expect(outcome == (isPermitted ? .mounted : .written))
      #expect(front.blob("other", blob.digest.description) == content(1000))
    }
  }

  @Test func partsComeBeforeIndexesAndSubjectsBeforeReferrers() async throws {
    try await ECRFront.serve { front, port in
      let scratch = try TemporaryDirectory()
      let store = ContentStore(root: scratch.path)
      let repository = client(port).repository(name(port))
      let part = try await image(repository, store, "part")
      let index = try RawManifest(ImageIndex(manifests: [part.descriptor]))
      let referrer = try await image(repository, store, "signature", subject: part.descriptor)
      for manifest in [index, referrer] {
        let error = await registryError { try await repository.write(manifest, tag: nil) }
        #expect(error?.code == .registryRefused)
      }
      for manifest in [part, index, referrer] { try await repository.write(manifest, tag: nil) }
      #expect(front.manifest("app", referrer.descriptor.digest.description) == referrer.bytes)
    }
  }

  @Test func whatIsMissingOrForbiddenIsSaid() async throws {
    try await ECRFront.serve { _, port in
      let scratch = try TemporaryDirectory()
      let store = ContentStore(root: scratch.path)
      let blob = try store.store([1], mediaType: .ociLayer)
      let missing = await registryError {
        try await client(port).repository(name(port, "nothing")).checkAccess()
      }
      #expect(missing?.code == .nameUnknown)
      let refused = await registryError {
        try await client(port, password: "old").repository(name(port)).write(blob, from: store) { _ in }
      }
      #expect(refused?.code == .unauthorized && refused?.exitCode == .authentication)
    }
  }
}
