import Diagnostics
import HostOS
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct ContentStoreTests {
  private static let content = Array("content".utf8)
  private static let digest = Digest(sha256Of: content)

  private static func files(below path: FilePath) throws -> [String] {
    try Files.names(in: path).flatMap { name -> [String] in
      let inner = path.appending(name)
      guard try FileStatus(of: inner).kind == .directory else { return [name.string] }
      return try files(below: inner).map { "\(name.string)/\($0)" }
    }
  }

  // MARK: Blobs

  @Test func storesOnce() throws {
    let scratch = try Scratch("store")
    let store = ContentStore(root: scratch("root"))
    #expect(!store.contains(Self.digest))
    let descriptor = try store.store(Self.content, mediaType: .ociConfig)
    #expect(try store.store(Self.content, mediaType: .ociConfig) == descriptor)
    #expect(store.contains(descriptor.digest))
    #expect(try store.read(descriptor.digest) == Self.content)
    #expect(try Self.files(below: scratch("root")) == ["oci/blobs/sha256/\(Self.digest.hex)", "oci/oci-layout"])
    #expect(try Files.read(scratch("root/oci/oci-layout")) == Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
  }

  @Test func writesNothingBeforeTheFirstBlob() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let reference = try ImageReference(parsing: "a")
      #expect(!store.contains(Self.digest))
      #expect(try store.descriptor(named: reference) == nil)
      await #expect(throws: OCIError.self) { try await store.manifest(reference) }
      await #expect(throws: OCIError.self) { try await store.blob(Descriptor(mediaType: .ociLayer, of: [1])) }
      await #expect(throws: MemorySource.Interrupted.self) {
        try await store.fetch(Descriptor(mediaType: .ociLayer, of: [1]), from: MemorySource())
      }
      #expect(try Files.names(in: scratch.path).isEmpty)
    }
  }

  @Test func leavesNothingOfWhatIsAbandoned() throws {
    let scratch = try Scratch("store")
    let store = ContentStore(root: scratch("root"))
    do {
      var ingest = try store.ingest()
      try Self.content.withUnsafeBytes { try ingest.write($0) }
      #expect(ingest.count == 7)
      #expect(try Files.names(in: scratch("root/ingest")).count == 1)
    }
    #expect(try Self.files(below: scratch("root")) == ["oci/oci-layout"])
  }

  @Test func commitsTheSameBlobTwice() throws {
    let scratch = try Scratch("store")
    let store = ContentStore(root: scratch("root"))
    var first = try store.ingest()
    var second = try store.ingest()
    try Self.content.withUnsafeBytes {
      try first.write($0)
      try second.write($0)
    }
    try first.commit(as: Self.digest)
    try second.commit(as: Self.digest)
    #expect(try store.read(Self.digest) == Self.content)
    #expect(try Files.names(in: scratch("root/ingest")).isEmpty)
  }

  @Test func findsDamage() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let descriptor = try store.store(Self.content, mediaType: .ociLayer)
      try Files.writeAtomically(Array("Content".utf8), to: store.path(of: descriptor.digest))
      #expect(throws: BlobMismatch.self) { try store.read(descriptor.digest) }
      await #expect(throws: BlobMismatch.self) { try await store.readWhole(descriptor) }
    }
  }

  @Test func limitsDocuments() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let descriptor = try store.store(Self.content, mediaType: .ociLayer)
      #expect(try await store.readWhole(descriptor, limit: 7) == Self.content)
      let error = await #expect(throws: OCIError.self) { try await store.readWhole(descriptor, limit: 6) }
      #expect(error?.diagnostic.message == "\(descriptor.digest) has 7 bytes, more than a document may have")
      #expect(throws: HostError.self) { try store.read(descriptor.digest, limit: 6) }
    }
  }

  // MARK: Fetching

  @Test func fetchesOnce() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let source = MemorySource()
      let descriptor = source.add(Self.content)
      source.replace(descriptor, by: [Array(Self.content.prefix(3)), Array(Self.content.dropFirst(3))])
      let seen = Mutex<[Int64]>([])
      try await store.fetch(descriptor, from: source) { count in seen.withLock { $0.append(count) } }
      try await store.fetch(descriptor, from: source)
      #expect(source.readCount == 1)
      #expect(seen.withLock { $0 } == [3, 7])
      #expect(try store.read(descriptor.digest) == Self.content)
    }
  }

  @Test(arguments: [
    [Array(content.prefix(3)), []], [Array(content.prefix(3))], [Array("CONTENT".utf8)], [content, content],
  ])
  func leavesNothingOfWhatFails(_ chunks: [[UInt8]]) async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let source = MemorySource()
      let descriptor = source.add(Self.content)
      source.replace(descriptor, by: chunks)
      await #expect(throws: (any Error).self) { try await store.fetch(descriptor, from: source) }
      #expect(!store.contains(descriptor.digest))
      let left = try Self.files(below: scratch("root"))
      #expect(left == ["oci/oci-layout"])
    }
  }

  @Test func fetchesTheSameFromManyTasks() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let source = MemorySource()
      let descriptors = (0..<8).map { source.add(Array(repeating: UInt8($0), count: 10_000)) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 {
          for descriptor in descriptors { group.addTask { try await store.fetch(descriptor, from: source) } }
        }
        try await group.waitForAll()
      }
      for descriptor in descriptors { #expect(try await store.readWhole(descriptor).count == 10_000) }
      #expect(try Files.names(in: scratch("root/ingest")).isEmpty)
    }
  }

  // MARK: Names

  @Test func namesImages() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let first = try Sample.image("one", in: store)
      let second = try Sample.image("two", in: store)
      let name = try ImageReference(parsing: "app")
      try store.tag(first.descriptor, as: name)
      try store.tag(first.descriptor, as: ImageReference(parsing: "other:1"))
      try store.tag(second.descriptor, as: ImageReference(parsing: "docker.io/library/app:latest"))
      #expect(try store.descriptor(named: name)?.digest == second.descriptor.digest)
      #expect(try await store.manifest(name) == second)
      #expect(try await store.manifest(name.with(digest: first.descriptor.digest)) == first)
      #expect(try store.descriptor(named: ImageReference(parsing: "absent")) == nil)
      let error = await #expect(throws: OCIError.self) { try await store.manifest(ImageReference(parsing: "absent")) }
      #expect(error?.diagnostic.message == "the store has no image absent")
    }
  }

  @Test func namesFromManyTasks() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let image = try Sample.image("one", in: store)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<40 {
          group.addTask {
            let reference = try ImageReference(parsing: "app:\(number % 20)")
            try await Blocking.run { try store.tag(image.descriptor, as: reference) }
          }
        }
        try await group.waitForAll()
      }
      for number in 0..<20 {
        #expect(
          try store.descriptor(named: ImageReference(parsing: "app:\(number)"))?.digest == image.descriptor.digest)
      }
      let index = try JSONDocument.decode(
        ImageIndex.self, from: Files.read(store.layout.appending("index.json")), called: "index")
      #expect(index.manifests.count == 20)
    }
  }

  /// Another process that holds the lock of the index is waited for.
  @Test func waitsForOtherProcesses() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let image = try Sample.image("one", in: store)
      try store.tag(image.descriptor, as: ImageReference(parsing: "first"))
      try scratch.write(["held": .fifo, "go": .fifo])
      let lock = scratch("root/ingest/index.lock").string
      let script = "echo > held; read line < go; rm root/oci/index.json"
      async let other = Tool.run("flock", [lock, "sh", "-c", script], in: scratch.path)
      _ = try await Blocking.run { try Files.read(scratch("held")) }
      let tagging = Task {
        try await Blocking.run { try store.tag(image.descriptor, as: ImageReference(parsing: "second")) }
      }
      try await Blocking.run {
        try Files.withDescriptor(scratch("go"), .writeOnly) { _ = try $0.writeAll(Array("\n".utf8)) }
      }
      _ = try await (other, tagging.value)
      // The other process removed the index before ours was written.
      #expect(try store.descriptor(named: ImageReference(parsing: "first")) == nil)
      #expect(try store.descriptor(named: ImageReference(parsing: "second")) != nil)
    }
  }

  @Test func refusesADamagedIndex() throws {
    let scratch = try Scratch("store")
    let store = ContentStore(root: scratch("root"))
    let image = try Sample.image("one", in: store)
    try Files.writeAtomically(Array("{".utf8), to: store.layout.appending("index.json"))
    let error = #expect(throws: OCIError.self) { try store.tag(image.descriptor, as: ImageReference(parsing: "a")) }
    #expect(error?.diagnostic.message == "the index.json of the store is not valid: it cannot be read as JSON")
  }

  @Test func isReadBySkopeo() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let image = try Sample.image("one", in: store)
      try store.tag(image.descriptor, as: ImageReference(parsing: "example/app:v1"))
      let place = "oci:\(store.layout):docker.io/example/app:v1"
      let format = "{{.Digest}} {{.Architecture}} {{.Os}} {{.Labels}} {{len .Layers}}"
      #expect(
        try await Tool.output("skopeo", ["inspect", "--format", format, place])
          == "\(image.descriptor.digest) amd64 linux map[name:one] 1")
      try await Tool.run("skopeo", ["copy", place, "dir:\(scratch("copy"))"])
      #expect(try Files.read(scratch("copy/manifest.json")) == image.bytes)
    }
  }
}
