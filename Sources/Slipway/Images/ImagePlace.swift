import Diagnostics
import HostOS
import Images
import OCI
import SystemPackage

/// Where an image is, or is to be: a registry, the store of this machine, an image layout or an archive.
///
/// The prefixes are those of skopeo and of buildx; a name without one is what each command says it is.
enum ImagePlace: Sendable, Hashable {
  case registry(ImageReference)
  case store(ImageReference)
  /// An image of the store without its name.
  case stored(Digest)
  /// In the store, if that has an image of the name, else in its registry.
  case named(ImageReference)
  case layout(LayoutLocation)
  case archive(ImageArchiveFormat, ArchiveLocation)

  /// A file, or standard input or output where there is none.
  struct ArchiveLocation: Sendable, Hashable {
    var path: FilePath?
    /// Which image of the archive is meant, or what it is to be called there.
    var name: String?
  }

  /// What a name without a prefix is.
  enum Bare: Sendable {
    case registry, store, either
  }

  static let forms =
    "write a name, or docker://NAME, store://NAME, oci:PATH[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME]"

  /// - Throws: `OCIError` with the code `invalid-reference`; `SlipwayError` with the code `invalid-place`.
  init(parsing text: String, bare: Bare) throws {
    if let name = text.removing(prefix: "docker://") {
      self = .registry(try ImageReference(parsing: name).withDefaultTag)
    } else if let name = text.removing(prefix: "store://") {
      self = try Self.stored(name)
    } else if let layout = text.removing(prefix: "oci-layout://") ?? text.removing(prefix: "oci:") {
      self = .layout(try LayoutLocation(parsing: layout, called: text))
    } else if let file = text.removing(prefix: "oci-archive:") {
      self = .archive(.oci, try Self.archive(file, called: text))
    } else if let file = text.removing(prefix: "docker-archive:") {
      self = .archive(.docker, try Self.archive(file, called: text))
    } else if let scheme = text.firstRange(of: "://").map({ text[..<$0.lowerBound] }) {
      let nearest = Suggestion.nearest(to: String(scheme), in: ["docker", "store", "oci-layout"])
      throw SlipwayError(
        "invalid-place", "\(text) is no place of an image: there are none that begin with \(scheme)://",
        help: [nearest.map { "did you mean \($0)://?" } ?? Self.forms])
    } else {
      switch bare {
      case .registry: self = .registry(try ImageReference(parsing: text).withDefaultTag)
      case .store: self = try Self.stored(text)
      case .either where Digest(text) != nil: self = try Self.stored(text)
      case .either: self = .named(try ImageReference(parsing: text).withDefaultTag)
      }
    }
  }

  private static func stored(_ text: String) throws -> ImagePlace {
    if let digest = Digest(text) { return .stored(digest) }
    return .store(try ImageReference(parsing: text).withDefaultTag)
  }

  private static func archive(_ text: String, called place: String) throws -> ArchiveLocation {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let path = parts.first, !path.isEmpty else {
      throw SlipwayError("invalid-place", "\(place) names no file", help: [forms])
    }
    let name = parts.count == 2 && !parts[1].isEmpty ? parts[1] : nil
    return ArchiveLocation(path: path == "-" ? nil : FilePath(path), name: name)
  }

  /// Whether the store of this machine has to stay as it is while the image is read or written.
  var usesStore: Bool {
    switch self {
    case .store, .stored, .named, .archive: true
    case .registry, .layout: false
    }
  }

  /// The name, where the place has one.
  var reference: ImageReference? {
    switch self {
    case .registry(let name), .store(let name), .named(let name): name
    case .stored, .layout, .archive: nil
    }
  }
}

extension ImagePlace: CustomStringConvertible {
  var description: String {
    switch self {
    case .registry(let name), .store(let name), .named(let name): name.familiarDescription
    case .stored(let digest): digest.description
    case .layout(let location): "oci:\(location)"
    case .archive(let format, let location):
      "\(format.rawValue)-archive:\(location.path?.string ?? "-")" + (location.name.map { ":\($0)" } ?? "")
    }
  }
}

extension String {
  func removing(prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
