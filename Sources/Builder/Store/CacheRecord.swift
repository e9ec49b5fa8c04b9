import HostOS
import OCI
import SystemPackage

/// The layer that a step made, as it is remembered under the step's key.
struct CacheRecord: Codable {
  var descriptor: Descriptor
  var diffID: Digest
  var created: Timestamp
}

extension BuildStore {
  /// The layer that a step of this key made before, if the store still has it.
  func layer(for key: CacheKey) -> Layer? {
    // A record that cannot be read is as good as none: the step runs again and writes a new one.
    guard let bytes = try? Files.read(recordPath(of: key)),
      let record = try? JSONDocument.decode(CacheRecord.self, from: bytes, called: "cache record"),
      content.contains(record.descriptor.digest)
    else { return nil }
    Self.markUsed(recordPath(of: key))
    Self.markUsed(content.path(of: record.descriptor.digest))
    return Layer(descriptor: record.descriptor, diffID: record.diffID, created: record.created)
  }

  func remember(_ layer: Layer, for key: CacheKey, created: Timestamp) throws {
    let record = CacheRecord(descriptor: layer.descriptor, diffID: layer.diffID, created: created)
    let path = recordPath(of: key)
    try Files.createDirectories(path.removingLastComponent())
    try Files.writeAtomically(JSONDocument.encode(record), to: path)
  }
}
