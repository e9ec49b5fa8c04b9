import Diagnostics
import HostOS
import OCI
import SystemPackage

/// An image of an image layout in a folder: `PATH[:TAG][@DIGEST]`, of which the path has no colon, as in buildx and
/// skopeo.
struct LayoutLocation: Sendable, Hashable {
  var path: FilePath
  var tag: String?
  var digest: Digest?

  init(path: FilePath, tag: String?) {
    self.path = path
    self.tag = tag
  }

  /// - Parameter place: for messages.
  /// - Throws: `SlipwayError` with the code `invalid-place`.
  init(parsing text: String, called place: String) throws {
    var rest = text[...]
    if let at = rest.lastIndex(of: "@") {
      guard let digest = Digest(String(rest[rest.index(after: at)...])) else {
        throw SlipwayError(
          "invalid-place", "what follows the @ in \(place) is not a digest",
          help: ["write sha256: and 64 lower-case hexadecimal digits"])
      }
      self.digest = digest
      rest = rest[..<at]
    }
    if let colon = rest.firstIndex(of: ":") {
      let tag = rest[rest.index(after: colon)...]
      self.tag = tag.isEmpty ? nil : String(tag)
      rest = rest[..<colon]
    }
    guard !rest.isEmpty else {
      throw SlipwayError("invalid-place", "\(place) names no folder", help: [ImagePlace.forms])
    }
    path = FilePath(String(rest))
  }

  /// What an image of the layout is asked for by.
  /// - Throws: `OCIError` with the code `manifest-unknown`; `SlipwayError` with the code `not-a-layout`; `HostError`.
  func reference(in layout: ContentStore) throws -> ImageReference {
    try requireLayout()
    let name = ImageReference(registry: "oci-layout", repository: "image", tag: nil)
    return name.with(digest: try digest ?? layout.descriptor(tagged: tag).digest)
  }

  /// - Throws: `SlipwayError` with the code.
  func requireLayout(orFailWith code: DiagnosticCode = "not-a-layout") throws {
    guard (try? FileStatus(following: path.appending("oci-layout")))?.kind == .file else {
      throw SlipwayError(
        code, "\(path) is not an image layout: it has no file oci-layout",
        help: ["name the folder that holds oci-layout and index.json"])
    }
  }
}

extension LayoutLocation: CustomStringConvertible {
  var description: String { "\(path)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }
}
