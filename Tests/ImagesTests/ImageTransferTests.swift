import Diagnostics
import Images
import OCI
import Testing

@Suite struct ImageTransferTests {
  private let source = MemoryImages()
  private let destination = RecordingDestination()

  private func send(_ tree: ImageTree, jobs: Int = 3) async throws {
    let step = ProgressReporter.silent.begin("transfer")
    try await ImageTransfer(to: destination, jobs: jobs).send(tree, from: source, step)
    try await destination.write(tree.top, tag: "1")
  }

  @Test func partsComeBeforeWhatNamesThem() async throws {
    // An index that names another one.
    let inner = try source.index(["arm64", "s390x"])
    let image = try source.image("alone")
    let top = try RawManifest(ImageIndex(manifests: [inner.descriptor, image.descriptor]))
    source.add(top, tag: "1")
    let tree = try await ImageTree(of: MemoryImages.name, in: source)
    #expect(tree.children.count == 6)
    try await send(tree)
    #expect(destination.events.last == "manifest \(top.descriptor.digest.short)")
    #expect(Set(destination.events).count == destination.events.count, "each goes once")
    #expect(destination.most > 1 && destination.most <= 3)
  }

  @Test func whatIsHeldIsNotSent() async throws {
    let index = try source.index(["amd64", "arm64"], tag: "1")
    let tree = try await ImageTree(of: MemoryImages.name, in: source)
    destination.give(tree.children[0])
    try await send(tree)
    #expect(!destination.events.contains("manifest \(tree.children[0].descriptor.digest.short)"))
    let own = tree.children[0].image?.layers.last?.digest.short ?? ""
    #expect(!destination.events.contains("blob \(own)"))
    let count = destination.events.count
    try await send(tree)
    #expect(
      destination.events.count == count + 1 && destination.events.last == "manifest \(index.descriptor.digest.short)")
  }

  @Test func layersThatLieElsewhereStayThere() async throws {
    var foreign = Descriptor(mediaType: .dockerForeignLayer, of: [1, 2, 3])
    foreign.urls = ["https://elsewhere.example/layer"]
    let config = source.add(Array("{}".utf8), as: .ociConfig)
    source.add(try RawManifest(ImageManifest(config: config, layers: [foreign])), tag: "1")
    let tree = try await ImageTree(of: MemoryImages.name, in: source)
    #expect(tree.blobs == [config])
  }

  @Test func referrersFollowWithWhatRefersToThem() async throws {
    let image = try source.image("app", tag: "1")
    let signature = try source.image("signature", subject: image.descriptor)
    let timestamp = try source.image("timestamp", subject: signature.descriptor)
    let tree = try await ImageTree(of: MemoryImages.name, in: source)
    let step = ProgressReporter.silent.begin("transfer")
    try await send(tree)
    let transfer = ReferrerTransfer(ImageTransfer(to: destination), from: source) { [destination] in
      try await destination.write($0, tag: nil)
    }
    #expect(try await transfer.send(to: tree, of: MemoryImages.name, step) == 2)
    let manifests = destination.events.filter { $0.hasPrefix("manifest") }
    #expect(manifests == [image, signature, timestamp].map { "manifest \($0.descriptor.digest.short)" })
  }

  // MARK: Platforms

  @Test(arguments: [
    (PlatformSelection.all, 4, true), (.only([Platform(os: "linux", architecture: "arm64")]), 0, false),
    (.best(for: Platform(os: "linux", architecture: "amd64")), 0, false),
    (.only([Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "arm64")]), 4, true),
  ])
  func selection(_ selection: PlatformSelection, children: Int, isWhole: Bool) async throws {
    let index = try source.index(["amd64", "arm64"], tag: "1")
    let tree = try await ImageTree(of: MemoryImages.name, in: source, selecting: selection)
    #expect(tree.children.count == children)
    #expect((tree.top == index) == isWhole)
  }

  @Test func aPartOfAnIndexKeepsItsAttestations() async throws {
    _ = try source.index(["amd64", "arm64", "s390x"], tag: "1")
    let wanted = ["arm64", "amd64"].map { Platform(os: "linux", architecture: $0) }
    let tree = try await ImageTree(of: MemoryImages.name, in: source, selecting: .only(wanted))
    guard case .index(let index) = tree.top.content else { throw OCIError("no-index", "it is an image") }
    #expect(index.annotations == ["of": "several"])
    #expect(index.manifests.map(\.isAttestation) == [false, true, false, true])
    #expect(index.manifests.filter { !$0.isAttestation }.compactMap(\.platform?.architecture) == ["amd64", "arm64"])
  }

  @Test func anImageForAnotherPlatformIsRefused() async throws {
    try source.image("app", "arm64", tag: "1")
    let amd = Platform(os: "linux", architecture: "amd64")
    _ = try await ImageTree(of: MemoryImages.name, in: source, selecting: .best(for: amd))
    await #expect(throws: OCIError.self) {
      _ = try await ImageTree(of: MemoryImages.name, in: source, selecting: .only([amd]))
    }
  }

  @Test func indexesThatLieTooDeepAreRefused() async throws {
    var inner = try source.image("app")
    for _ in 0..<6 { inner = source.add(try RawManifest(ImageIndex(manifests: [inner.descriptor]))) }
    source.add(inner, tag: "1")
    await #expect(throws: OCIError.self) { _ = try await ImageTree(of: MemoryImages.name, in: source) }
  }
}
