import HostOS
public import OCI
import SystemPackage

/// Where layers can be fetched that an image of the store has, but the store itself does not: base layers that no step
/// had to look into.
extension BuildStore {
  private func originPath(of digest: Digest) -> FilePath { root.appending("origins").appending(digest.hex) }

  /// Remembers the repositories that absent layers came from.
  func rememberOrigins(of layers: [Layer]) throws {
    for layer in layers {
      guard let reference = layer.originReference else { continue }
      try rememberOrigin(of: [layer.descriptor], in: reference)
    }
  }

  /// Remembers where blobs of an image can be fetched that the store does not have.
  /// - Throws: `HostError`.
  public func rememberOrigin(of blobs: [Descriptor], in reference: ImageReference) throws {
    for blob in blobs where !content.contains(blob) {
      let path = originPath(of: blob.digest)
      try Files.createDirectories(path.removingLastComponent())
      try Files.writeAtomically(Array(reference.description.utf8), to: path)
    }
  }

  /// The image that an absent layer came from; nil when that is not known.
  public func origin(of digest: Digest) -> ImageReference? {
    guard let bytes = try? Files.read(originPath(of: digest), limit: 4096) else { return nil }
    return try? ImageReference(parsing: String(decoding: bytes, as: UTF8.self))
  }
}
