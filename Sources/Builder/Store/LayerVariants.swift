import Archive
import HostOS
import OCI
import SystemPackage

/// The forms of one layer in other compressions than the usual one: `variants/<diff ID and compression>` in the store.
extension BuildStore {
  private func variantPath(of diffID: Digest, _ compression: Compression) -> FilePath {
    let key = CacheKey("variant-1") { key in
      key.add(diffID.description)
      key.add("\(compression)")
    }
    return root.appending("variants").appending(key.hex)
  }

  /// A layer in another compression, if the store still has it. eStargz has another diff ID, too.
  func variant(of layer: Layer, _ compression: Compression) -> Layer? {
    let path = variantPath(of: layer.diffID, compression)
    // A record that cannot be read is as good as none: the layer is converted again.
    guard let bytes = try? Files.read(path),
      let record = try? JSONDocument.decode(CacheRecord.self, from: bytes, called: "record of a converted layer"),
      content.contains(record.descriptor)
    else { return nil }
    Self.markUsed(path)
    Self.markUsed(content.path(of: record.descriptor.digest))
    return Layer(descriptor: record.descriptor, diffID: record.diffID, created: layer.created)
  }

  func remember(_ variant: Layer, as compression: Compression, of diffID: Digest) throws {
    let record = CacheRecord(descriptor: variant.descriptor, diffID: variant.diffID, created: variant.created)
    let path = variantPath(of: diffID, compression)
    try Files.createDirectories(path.removingLastComponent())
    try Files.writeAtomically(try JSONDocument.encode(record), to: path, isDurable: false)
  }
}
