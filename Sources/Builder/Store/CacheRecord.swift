import HostOS
import OCI
import SystemPackage

/// The layer that a step made, as it is remembered under each of the step's keys.
struct CacheRecord: Codable {
  var descriptor: Descriptor
  var diffID: Digest
  var created: Timestamp?
  /// All keys of the step; nil when there is one only.
  var keys: [String]?
}

extension BuildStore {
  /// The layer that a step of this key made before, if the store still has it, and the keys of the step.
  func result(of key: CacheKey) -> (layer: Layer, keys: [String])? {
    // A record that cannot be read is as good as none: the step runs again and writes a new one.
    guard let bytes = try? Files.read(recordPath(of: key)),
      let record = try? JSONDocument.decode(CacheRecord.self, from: bytes, called: "cache record"),
      content.contains(record.descriptor)
    else { return nil }
    Self.markUsed(recordPath(of: key))
    Self.markUsed(content.path(of: record.descriptor.digest))
    return (
      Layer(descriptor: record.descriptor, diffID: record.diffID, created: record.created), record.keys ?? [key.hex]
    )
  }

  func remember(_ layer: Layer, for keys: [CacheKey]) throws {
    var record = CacheRecord(descriptor: layer.descriptor, diffID: layer.diffID, created: layer.created)
    if keys.count > 1 { record.keys = keys.map(\.hex) }
    let bytes = try JSONDocument.encode(record)
    for key in keys {
      let path = recordPath(of: key)
      try Files.createDirectories(path.removingLastComponent())
      try Files.writeAtomically(bytes, to: path, isDurable: false)
    }
  }
}
