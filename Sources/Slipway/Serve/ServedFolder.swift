import Builder
import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Where the images are that are served.
struct ServedFolder: Sendable {
  var content: ContentStore
  /// Nil for a layout, which builds do not use.
  var store: BuildStore?
  /// What images are called that have a tag alone.
  var name: String

  /// - Throws: `SlipwayError` with the code `nothing-to-serve`; `HostError`.
  static func open(_ path: String?, isWritable: Bool, _ bench: Workbench) throws -> ServedFolder {
    guard let path else { return ServedFolder(bench.store) }
    let folder = FilePath(path)
    if try FileStatus.ifExists(folder.appending("oci").appending("oci-layout")) != nil {
      return ServedFolder(BuildStore(root: folder))
    }
    let isLayout = try FileStatus.ifExists(folder.appending("oci-layout")) != nil
    guard try isLayout || isWritable && isVacant(folder) else {
      throw SlipwayError(
        "nothing-to-serve", "\(path) is neither a store nor an OCI image layout",
        help: [
          isWritable
            ? "name a folder that holds oci-layout, or one that is empty"
            : "name a folder that holds oci-layout; with --writable an empty one is filled by pushes"
        ])
    }
    return ServedFolder(content: ContentStore(layout: folder), name: repository(of: folder))
  }

  private init(_ store: BuildStore) { self.init(content: store.content, store: store, name: "image") }

  private init(content: ContentStore, store: BuildStore? = nil, name: String) {
    self.content = content
    self.store = store
    self.name = name
  }

  private static func repository(of folder: FilePath) -> String {
    let last = folder.lexicallyNormalized().lastComponent?.string.lowercased() ?? ""
    return (try? ImageReference(parsing: "localhost/\(last)"))?.repository == last ? last : "image"
  }

  /// Not there, or empty.
  private static func isVacant(_ folder: FilePath) throws -> Bool {
    guard let status = try FileStatus.ifExists(folder) else { return true }
    return try status.kind == .directory && Files.names(in: folder).isEmpty
  }
}
