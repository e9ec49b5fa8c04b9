import Diagnostics
import Foundation
import HTTP
import HostOS
import OCI
import Registry
import RegistryServer
import SystemPackage
import TestSupport
import Testing

/// Pushes and pulls through a front that makes faults: each ends complete and verified, or with an error that says what
/// happened, and nothing is half-written on either side. `make stress` does more of them.
@Suite struct FaultTests {
  private struct Sample: Sendable {
    var manifest: RawManifest
    var blobs: [Descriptor]
  }

  private struct Outcomes: Sendable {
    var completed = 0
    var failures: [DiagnosticCode: Int] = [:]

    /// - Parameter code: of an error; nil when there was none.
    mutating func add(_ code: DiagnosticCode?) {
      if let code { failures[code, default: 0] += 1 } else { completed += 1 }
    }
  }

  /// Errors that faults may come to, when they come often enough.
  private static let rightErrors: Set<DiagnosticCode> = [
    .registryUnreachable, .registryFailed, .tooManyRequests, .unauthorized, .digestMismatch, .registryRefused,
    "content-mismatch",
  ]

  /// - Parameter patience: how long nothing may be heard.
  private func client(_ port: Int, patience: Duration) -> RegistryClient {
    var policy = RetryPolicy.standard
    policy.firstPause = .milliseconds(1)
    policy.longestPause = .milliseconds(5)
    var http = HTTPClient(
      transport: .live(timeouts: .init(connect: .seconds(5), stall: patience)), userAgent: "slipway/test",
      retryPolicy: policy,
      clock: HTTPClock(
        now: HTTPClock.system.now, sleep: { try await Task.sleep(for: min($0, .milliseconds(5))) },
        random: HTTPClock.system.random))
    http.headTimeout = patience
    return RegistryClient(
      http: http, credentials: StaticCredentials(["127.0.0.1:\(port)": .basic(user: "a", password: "b")]))
  }

  /// Images of two layers, from some bytes to some hundred thousand.
  private func samples(_ count: Int, in store: ContentStore, seed: UInt64) throws -> [Sample] {
    try (0..<count).map { number in
      let sizes = [1, 5_000, 60_000, 400_000].map { $0 + number }
      let layers = try [0, 1].map { layer in
        let size = sizes[Int(FaultyFront.mixed(seed &+ UInt64(number * 2 + layer)) % 4)]
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: ($0 &+ number &* 7 &+ layer) &* 2_654_435_761 >> 11) }
        return try store.store(bytes, mediaType: .ociLayer)
      }
      let config = try store.store(Array(#"{"sample":\#(number)}"#.utf8), mediaType: .ociConfig)
      return Sample(manifest: try RawManifest(ImageManifest(config: config, layers: layers)), blobs: [config] + layers)
    }
  }

  private func push(_ sample: Sample, from store: ContentStore, to name: ImageReference, _ client: RegistryClient)
    async throws
  {
    let repository = client.repository(name)
    for blob in sample.blobs { try await repository.write(blob, from: store) { _ in } }
    try await repository.write(sample.manifest, tag: name.tag)
  }

  private func pull(_ name: ImageReference, to store: ContentStore, _ client: RegistryClient) async throws
    -> RawManifest
  {
    let manifest = try await client.manifest(name)
    guard case .image(let image) = manifest.content else { throw HTTPError(.invalidURL, "no image") }
    for blob in [image.config] + image.layers { try await store.fetch(blob, from: client.blobs(of: name)) }
    try store.store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
    return manifest
  }

  /// Every blob is what its name says, and nothing else lies around.
  private func expectWhole(_ store: ContentStore, _ root: FilePath) throws {
    for name in try Files.names(in: store.layout.appending("blobs").appending("sha256")) {
      let digest = try #require(Digest(sha256Hex: name.string))
      #expect(Digest(sha256Of: try Files.read(store.path(of: digest))) == digest)
    }
    let left = try Files.names(in: root.appending("ingest")).map(\.string).filter { $0 != "index.lock" }
    #expect(left == [])
  }

  @Test(.timeLimit(.minutes(10)))
  func pushesAndPullsUnderFaults() async throws {
    let count = Environment.current["FAULTS"].flatMap { Int($0) } ?? 120
    let seed = Environment.current["SEED"].flatMap { UInt64($0) } ?? 20_261_122
    let scratch = try Scratch("faults")
    let source = ContentStore(root: scratch("source"))
    let samples = try samples(8, in: source, seed: seed)
    let kept = ContentStore(root: scratch("registry"))
    var configuration = RegistryServer.Configuration()
    (configuration.port, configuration.isWritable) = (0, true)
    let server = RegistryServer(kept, configuration) { print("the registry says: \($0)") }
    let (ports, inbox) = AsyncStream<Int>.makeStream()
    let serving = Task { try await server.run { _, port in inbox.yield(port) } }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    // What is pulled is there already, in another repository for each pull.
    let plain = client(port, patience: .seconds(60))
    for number in 0..<count where !number.isMultiple(of: 2) {
      try await push(samples[number % samples.count], from: source, to: name(port, number), plain)
    }
    let outcomes = try await FaultyFront.use(seed: seed, rate: 12, before: port) { front, faulty in
      let outcomes = await attempts(count) { number in
        await attempt(number, samples[number % samples.count], source, kept, scratch, faulty)
      }
      print("\(count) with SEED=\(seed): \(outcomes), faults \(front.counts)")
      let met = front.counts.keys.count { $0 != .none }
      #expect(met == FaultyFront.Fault.allCases.count - 1, "every fault happened")
      return outcomes
    }
    #expect(outcomes.completed * 10 >= count * 8, "most get through: \(outcomes)")
    #expect(outcomes.completed + outcomes.failures.values.reduce(0, +) == count)
    serving.cancel()
    try await serving.value
    try expectWhole(kept, scratch("registry"))
  }

  /// Six at a time.
  private func attempts(_ count: Int, _ body: @escaping @Sendable (Int) async -> DiagnosticCode?) async -> Outcomes {
    await withTaskGroup(of: DiagnosticCode?.self) { group in
      var outcomes = Outcomes()
      for number in 0..<count {
        if number >= 6, let code = await group.next() { outcomes.add(code) }
        group.addTask { await body(number) }
      }
      for await code in group { outcomes.add(code) }
      return outcomes
    }
  }

  private func name(_ port: Int, _ number: Int) -> ImageReference {
    ImageReference(registry: "127.0.0.1:\(port)", repository: "op\(number)/app", tag: "1")
  }

  /// Nil when it was done, else the code of the error; what must not be is an issue.
  private func attempt(
    _ number: Int, _ sample: Sample, _ source: ContentStore, _ kept: ContentStore, _ scratch: Scratch, _ port: Int
  ) async -> DiagnosticCode? {
    let client = client(port, patience: .milliseconds(1500))
    let root = scratch("pull-\(number)")
    let pulled = ContentStore(root: root)
    do {
      do {
        if number.isMultiple(of: 2) {
          try await push(sample, from: source, to: name(port, number), client)
          let tagged = try kept.descriptor(
            named: ImageReference(registry: "localhost", repository: "op\(number)/app", tag: "1"))
          #expect(tagged?.digest == sample.manifest.descriptor.digest)
          for blob in sample.blobs { #expect(kept.contains(blob)) }
        } else {
          let manifest = try await pull(name(port, number), to: pulled, client)
          #expect(manifest == sample.manifest)
          for blob in sample.blobs { #expect(pulled.contains(blob)) }
        }
      } catch let error as any DiagnosticError {
        let diagnostic = try #require(error.diagnostics.first)
        #expect(Self.rightErrors.contains(diagnostic.code), "\(number): \(error)")
        #expect(!diagnostic.help.isEmpty, "\(diagnostic)")
        if try FileStatus.ifExists(pulled.layout) != nil { try expectWhole(pulled, root) }
        return diagnostic.code
      }
      if try FileStatus.ifExists(pulled.layout) != nil { try expectWhole(pulled, root) }
      return nil
    } catch {
      Issue.record("\(number): \(error)")
      return "unexpected"
    }
  }
}
