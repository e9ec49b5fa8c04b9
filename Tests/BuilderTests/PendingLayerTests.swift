import Archive
import Diagnostics
import HostOS
import TestSupport
import Testing

@testable import Builder

struct PendingLayerTests {
  private static let image: [LayerIndex.Item] = [
    .folder("d", mode: 0o711, owner: 5), .folder("d/e"), .file("d/e/f", "old"), .file("file"), .link("link", "d"),
  ]

  @Test func foldersOnTheWayAreRepeatedAsTheyAre() throws {
    #expect(
      try lines { try $0.put(.new(.file("d/e/new"))) } == [
        "d: folder 711 5:5", "d/e: folder 755 0:0", "d/e/new: file 644 0:0",
      ])
  }

  @Test func nothingIsWrittenForFoldersThatAreThere() throws {
    #expect(try lines { try $0.makeDirectories(.clamped("d/e"), owner: FileOwner(uid: 9, gid: 9)) }.isEmpty)
  }

  @Test func missingFoldersGetTheOwner() throws {
    #expect(
      try lines { try $0.makeDirectories(.clamped("d/x/y"), owner: FileOwner(uid: 9, gid: 8)) } == [
        "d: folder 711 5:5", "d/x: folder 755 9:8", "d/x/y: folder 755 9:8",
      ])
  }

  @Test(arguments: ["file", "file/x", "d/e/f"])
  func noFolderGoesThroughAFile(_ path: String) {
    let error = #expect(throws: BuilderError.self) {
      try lines { try $0.makeDirectories(.clamped(path), owner: nil) }
    }
    #expect(error?.diagnostics.first?.code == "not-a-directory")
  }

  @Test func aFileTakesThePlaceOfAFolderAndOfAllThatWasPutInIt() throws {
    var layer = PendingLayer(on: SampleLayers.tree([Self.image]), now: Timestamp(seconds: 1))
    try layer.put(.new(.folder("d")))
    try layer.put(.new(.file("d/new")))
    try layer.put(.new(.file("d-not")))
    try layer.put(.new(.file("d")))
    #expect(layer.lines == ["d: file 644 0:0", "d-not: file 644 0:0"])
    #expect(try layer.entry(at: .clamped("d/e")) == nil)
    #expect(try layer.names(in: .clamped("d")).isEmpty)
  }

  @Test func aFolderThatComesBackIsOpaque() throws {
    var layer = PendingLayer(on: SampleLayers.tree([Self.image]), now: Timestamp(seconds: 1))
    try layer.put(.new(.file("d")))
    try layer.put(.new(.folder("d")))
    try layer.put(.new(.file("d/new")))
    #expect(layer.lines == ["d: folder 755 0:0", "d: opaque", "d/new: file 644 0:0"])
    #expect(try layer.entry(at: .clamped("d/e/f")) == nil)
    #expect(try layer.names(in: .clamped("d")) == [Array("new".utf8)])
  }

  @Test func namesAreThoseOfBoth() throws {
    var layer = PendingLayer(on: SampleLayers.tree([Self.image]), now: Timestamp(seconds: 1))
    try layer.put(.new(.file("d/z")))
    #expect(try layer.names(in: .clamped("d")) == [Array("e".utf8), Array("z".utf8)])
  }

  @Test func manyFilesInAFolderTakeLinearTime() throws {
    // A quadratic search takes minutes here.
    let layer = try layer { layer in
      try layer.put(.new(.folder("many")))
      for number in 0..<30_000 { try layer.put(.new(.file("many/\(number)"))) }
    }
    #expect(layer.items.count == 30_001)
  }

  private func layer(_ body: (inout PendingLayer) throws -> Void) throws -> PendingLayer {
    var layer = PendingLayer(on: SampleLayers.tree([Self.image]), now: Timestamp(seconds: 1))
    try body(&layer)
    return layer
  }

  private func lines(_ body: (inout PendingLayer) throws -> Void) throws -> [String] { try layer(body).lines }
}

extension PendingLayer.Item {
  fileprivate static func new(_ item: LayerIndex.Item) -> Self { Self(entry: item.entry, content: .bytes([])) }
}
