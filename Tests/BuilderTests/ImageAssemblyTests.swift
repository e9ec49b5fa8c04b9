import BuildPlanning
import Diagnostics
import HostOS
import OCI
import TestSupport
import Testing

@testable import Builder

struct ImageAssemblyTests {
  private let scratch: Scratch
  private let store: BuildStore

  init() throws {
    scratch = try Scratch("assembly")
    store = BuildStore(root: scratch("store"))
  }

  private static let times = ["1970-01-01T00:00:10Z", "1970-01-01T00:00:20Z"]

  @Test func entriesWithoutALayerHaveTheTimeOfTheLayerBelow() throws {
    let image = try assemble(
      [
        .init(createdBy: "ENV", emptyLayer: true), .init(createdBy: "COPY"), .init(createdBy: "CMD", emptyLayer: true),
        .init(createdBy: "RUN"), .init(createdBy: "USER", emptyLayer: true),
      ],
      [layer("a", 10), layer("b", 20)])
    let (first, second) = (Self.times[0], Self.times[1])
    #expect(image.config.history?.map(\.created) == [nil, first, first, second, second])
    #expect(image.config.created == second)
  }

  @Test func theBaseKeepsItsTimes() throws {
    let image = try assemble(
      [
        .init(created: "2020-01-01T00:00:00Z", createdBy: "base"), .init(createdBy: "ENV", emptyLayer: true),
        .init(createdBy: "COPY"),
      ], [layer("base", nil), layer("a", 10)])
    #expect(image.config.history?.map(\.created) == ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", Self.times[0]])
    #expect(image.config.created == Self.times[0])
  }

  @Test func aBaseWithoutHistoryHasNoTimes() throws {
    let image = try assemble(
      [.init(createdBy: "buildkit.exporter.image.v0"), .init(createdBy: "ENV", emptyLayer: true)], [layer("base", nil)])
    #expect(image.config.history?.map(\.created) == [nil, nil])
    #expect(image.config.created == nil)
    #expect(image.config.rootfs.diffIDs == [Digest(sha256Of: Array("base".utf8))])
  }

  @Test func anEpochIsTheTimeOfEverythingButTheBase() throws {
    let image = try assemble(
      [
        .init(created: "2020-01-01T00:00:00Z", createdBy: "base"), .init(createdBy: "ENV", emptyLayer: true),
        .init(createdBy: "COPY"),
      ], [layer("base", nil), layer("a", 10)], epoch: Timestamp(seconds: 20))
    #expect(image.config.history?.map(\.created) == ["2020-01-01T00:00:00Z", Self.times[1], Self.times[1]])
    #expect(image.config.created == Self.times[1])
  }

  @Test func manifestNamesWhatIsStored() throws {
    var old = layer("base", nil)
    old.descriptor.mediaType = .dockerLayerGzip
    let image = try assemble([.init(createdBy: "base"), .init(createdBy: "COPY")], [old, layer("a", 10)])
    guard case .image(let manifest) = image.manifest.content else {
      Issue.record("the manifest is an index")
      return
    }
    #expect(manifest.layers.map(\.mediaType) == [.ociLayerGzip, .ociLayer])
    #expect(try store.content.read(manifest.config.digest) == JSONDocument.encode(image.config))
    #expect(try store.content.read(image.manifest.descriptor.digest) == image.manifest.bytes)
  }

  private func layer(_ name: String, _ seconds: Int64?) -> Layer {
    let digest = Digest(sha256Of: Array(name.utf8))
    return Layer(
      descriptor: Descriptor(mediaType: .ociLayer, digest: digest, size: 1), diffID: digest,
      created: seconds.map { Timestamp(seconds: $0) })
  }

  private func assemble(_ history: [History], _ layers: [Layer], epoch: Timestamp? = nil) throws -> BuiltImage {
    var config = ImageConfig(platform: .host)
    config.history = history
    return try ImageAssembly(
      planned: PlannedImage(platform: .host, result: nil, config: config), stack: LayerStack(layers), epoch: epoch
    ).image(in: store)
  }
}
