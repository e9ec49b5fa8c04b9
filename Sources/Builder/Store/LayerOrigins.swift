import HostOS
import OCI
import SystemPackage

/// Where layers can be fetched that an image of the store has, but the store itself does not: base layers that no step
/// had to look into.
extension BuildStore {
  private func originPath(of digest: Digest) -> FilePath { root.appending("origins").appending(digest.hex) }

  /// Remembers the repositories that absent layers came from.
  func rememberOrigins(of layers: [Layer]) throws {
    for layer in layers where !content.contains(layer.descriptor) {
      guard let reference = layer.originReference else { continue }
      let path = originPath(of: layer.descriptor.digest)
      try Files.createDirectories(path.removingLastComponent())
      try Files.writeAtomically(Array(reference.description.utf8), to: path)
    }
  }

  /// The image that an absent layer came from; nil when that is not known.
  func origin(of digest: Digest) -> ImageReference? {
    guard let bytes = try? Files.read(originPath(of: digest), limit: 4096) else { return nil }
    return try? ImageReference(parsing: String(decoding: bytes, as: UTF8.self))
  }
}
