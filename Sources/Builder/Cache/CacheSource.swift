public import OCI
public import SystemPackage

/// Where results of earlier builds are looked for: what an export wrote, or an image that has them inside.
public struct CacheSource: Sendable {
  enum Place: Sendable {
    case registry(any ImageSource, ImageReference)
    case layout(FilePath, tag: String?, digest: Digest?)
  }

  let place: Place

  private init(_ place: Place) { self.place = place }

  /// A cache, or an image, of a registry.
  public static func registry(_ source: any ImageSource, _ reference: ImageReference) -> CacheSource {
    CacheSource(.registry(source, reference.withDefaultTag))
  }

  /// A folder that holds an image layout; without tag and digest it is the cache called `latest`, or the only one.
  public static func layout(_ folder: FilePath, tag: String? = nil, digest: Digest? = nil) -> CacheSource {
    CacheSource(.layout(folder, tag: tag, digest: digest))
  }

  /// What people call it.
  var name: String {
    switch place {
    case .registry(_, let reference): reference.familiarDescription
    case .layout(let folder, _, _): folder.string
    }
  }
}
