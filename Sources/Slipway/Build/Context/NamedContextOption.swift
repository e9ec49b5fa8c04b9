import BuildPlanning
import Builder
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import SystemPackage

/// One `--build-context NAME=VALUE` (docker buildx build).
struct NamedContextOption: Sendable, Hashable {
  var name: ContextName
  var context: NamedContext
  /// The folder of files, or that of an image layout; nil for what is not on this machine.
  var folder: FilePath?

  /// - Throws: `SlipwayError` with the codes `invalid-build-context` and `context-not-found`; `OCIError`,
  ///   `GitReferenceError`.
  init(_ text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw SlipwayError(
        "invalid-build-context", "--build-context \(text) is not NAME=VALUE",
        help: ["write NAME=PATH, or NAME= with docker-image://IMAGE, oci-layout://PATH[:TAG] or a URL"])
    }
    name = try ContextName(parsing: String(text[..<equals]))
    let value = String(text[text.index(after: equals)...])
    if let image = value.removing(prefix: "docker-image://") {
      context = .image(try ImageReference(parsing: image).withDefaultTag)
    } else if let layout = value.removing(prefix: "oci-layout://") {
      let (path, reference) = try Self.layout(layout, name)
      context = .layout(reference)
      folder = path
    } else if let status = try? FileStatus(following: FilePath(value)), status.kind == .directory {
      context = .folder
      folder = FilePath(value)
    } else if let reference = try GitReference.parse(value) {
      context = .git(reference)
    } else if value.hasPrefix("http://") || value.hasPrefix("https://") {
      context = .http(HTTPSource(url: value, fileName: "context"))
    } else {
      throw SlipwayError(
        "context-not-found", "the context \(value) of --build-context \(name) is not a folder",
        help: ["name a folder, or write docker-image://IMAGE, oci-layout://PATH[:TAG] or a URL"])
    }
  }

  /// The image is known by the name of the context, in no registry.
  private static func layout(_ text: String, _ name: ContextName) throws -> (FilePath, ImageReference) {
    let location = try LayoutLocation(parsing: text, called: "oci-layout://\(text)")
    try location.requireLayout(orFailWith: "context-not-found")
    let named = try ImageReference(parsing: name.name)
    var reference = ImageReference(registry: "oci-layout", repository: named.repository)
    (reference.tag, reference.digest) = (location.tag, location.digest)
    return (location.path, reference)
  }
}

extension BuildSettings {
  /// Folders of files, each with its own .dockerignore.
  /// - Throws: `HostError`, `DockerfileSyntaxError`.
  var namedContexts: [String: LocalContext] {
    get throws {
      var found: [String: LocalContext] = [:]
      for option in contexts {
        guard option.context == .folder, let folder = option.folder else { continue }
        let ignore = try BuildTexts.ignoreFile(in: folder).map { try DockerIgnore.parse($0).get() }
        var context = LocalContext(folder, ignore: ignore ?? DockerIgnore())
        context.checkoutTime = checkoutTime
        found[option.name.description] = context
      }
      return found
    }
  }

  func layouts(in store: ContentStore) -> LayoutImages {
    var folders: [String: FilePath] = [:]
    for option in contexts {
      if case .layout = option.context { folders[option.name.description] = option.folder }
    }
    return LayoutImages(store: store, folders: folders)
  }
}
