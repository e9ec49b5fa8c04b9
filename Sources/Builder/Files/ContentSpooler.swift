import Diagnostics
import Archive
import HostOS
import OCI
import SystemPackage

/// Makes the contents that lie in layers readable in any order: from unpacked layers where there are any, else by one
/// pass over each layer's blob.
struct ContentSpooler {
  let store: BuildStore
  let spool: SpoolFile
  var end: Int64

  /// The layers that are read to open contents: those that hold any of them and are not unpacked.
  static func layers(of contents: [ContentReference], in store: BuildStore) -> [Layer] {
    var layers: [ChainID: Layer] = [:]
    for case .layer(let location) in contents where layers[location.chain] == nil {
      if store.unpackedPath(of: location) == nil { layers[location.chain] = location.layer }
    }
    return Array(layers.values)
  }

  /// Replaces references into layers by such that can be opened. The blobs of those that are not unpacked are in the
  /// store.
  mutating func resolve(_ items: [PendingLayer.Item]) throws -> [PendingLayer.Item] {
    var items = items
    var wanted: [ChainID: (location: LayerLocation, positions: [TreePath: [Int]])] = [:]
    for (position, item) in items.enumerated() {
      guard case .layer(let location) = item.content, item.entry.size > 0 else {
        if case .layer = item.content { items[position].content = .bytes([]) }
        continue
      }
      if let unpacked = store.unpackedPath(of: location) {
        items[position].content = .file(unpacked)
      } else {
        wanted[location.chain, default: (location, [:])].positions[location.path, default: []].append(position)
      }
    }
    for (location, positions) in wanted.values { try read(location.layer, positions, into: &items) }
    return items
  }

  private mutating func read(
    _ layer: Layer, _ positions: [TreePath: [Int]], into items: inout [PendingLayer.Item]
  ) throws {
    var missing = positions
    let path = store.content.path(of: layer.descriptor.digest)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    try Files.withDescriptor(path, .readOnly) { descriptor in
      let reader = try LayerReader(
        FileByteSource(descriptor, path: path), options: .init(expectation: layer.expectation))
      while let entry = try reader.next() {
        guard entry.isFile, let places = missing.removeValue(forKey: entry.path) else { continue }
        let size = try spool.append(reader, at: end, buffer)
        for place in places { items[place].content = .spooled(spool, offset: end, size: size) }
        end += size
      }
      _ = try reader.finish()
    }
    if let path = missing.keys.first {
      throw BuilderError(
        "layer-index-mismatch", "the layer \(layer.descriptor.digest) does not hold \(path), which its index lists",
        help: ["remove the folder index of the store and build again"])
    }
  }
}

extension BuildStore {
  /// Where a content can be read because its layer is unpacked, in whatever way; nil when it is not.
  fileprivate func unpackedPath(of location: LayerLocation) -> FilePath? {
    FileOwnership.allCases.map { snapshotPath(of: location.chain, $0).pushing(location.place.filePath) }
      .first(where: Self.isReadable)
  }

  /// Whoever has a user namespace unpacks files that the same user cannot read without one.
  private static func isReadable(_ path: FilePath) -> Bool {
    (try? Files.withDescriptor(path, .readOnly, options: .noFollow) { _ in }) != nil
  }
}

extension Layer {
  /// What reading the blob must find.
  var expectation: LayerExpectation {
    LayerExpectation(
      sha256Hex: descriptor.digest.hex, size: descriptor.size, diffIDSHA256Hex: diffID.hex)
  }
}
