import Archive
import Diagnostics

/// A tree of files that COPY reads from or writes to: the context, or the merged layers of a stage. Answers come
/// without mounting or unpacking anything.
protocol FileTree: Sendable {
  /// What stands at a path; symbolic links are not followed. The root always exists.
  func entry(at path: TreePath) throws -> TreeEntry?
  /// The names in a folder, sorted by their bytes.
  func names(in folder: TreePath) throws -> [[UInt8]]
  /// What is in a folder, sorted by the bytes of the names.
  func children(of folder: TreePath) throws -> [FileTreeChild]
  /// Where the content of the file at `path` can be read.
  func content(at path: TreePath) throws -> ContentReference
  /// SHA-256 of the content of the file at `path`, 32 bytes.
  func contentSHA256(at path: TreePath) throws -> [UInt8]
  /// The same for many files, in their order.
  func contentSHA256s(at paths: [TreePath]) throws -> [[UInt8]]
  /// Which file a name stands for; nil for what has one name only.
  func identity(at path: TreePath) throws -> FileIdentity?
  /// What people call the tree, for messages: `the build context`.
  var name: String { get }
}

/// Something in a folder of a tree.
struct FileTreeChild: Sendable {
  var entry: TreeEntry
  /// Of a file with several names.
  var identity: FileIdentity?
  /// SHA-256 of a file's content, 32 bytes, where it is known without reading the file.
  var contentSHA256: [UInt8]?
}

extension FileTree {
  func identity(at path: TreePath) throws -> FileIdentity? { nil }

  func contentSHA256s(at paths: [TreePath]) throws -> [[UInt8]] { try paths.map { try contentSHA256(at: $0) } }

  func children(of folder: TreePath) throws -> [FileTreeChild] {
    try names(in: folder).compactMap { name in
      guard let path = folder.appending(name: name), let entry = try entry(at: path) else { return nil }
      return FileTreeChild(entry: entry, identity: entry.isFile ? try identity(at: path) : nil)
    }
  }

  /// Follows symbolic links on the way and at the end, as if the tree were the root of the file system. Components
  /// that do not exist are kept, so the result may be a place for something new.
  /// - Throws: `BuilderError` with the code `symbolic-link-loop`.
  func resolve(_ path: TreePath) throws -> TreePath {
    var resolved = TreePath.root
    var rest = Array(path.components.map(Array.init).reversed())
    var links = 0
    while let component = rest.popLast() {
      if component == Array("..".utf8) {
        resolved = resolved.parent ?? .root
        continue
      }
      guard let next = resolved.appending(name: component) else { continue }
      guard case .symbolicLink(let target)? = try entry(at: next)?.kind else {
        resolved = next
        continue
      }
      links += 1
      guard links <= 255 else {
        throw BuilderError("symbolic-link-loop", "too many symbolic links on the way to \(path)")
      }
      if target.first == UInt8(ascii: "/") { resolved = .root }
      rest += target.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")] }.map(Array.init).reversed()
    }
    return resolved
  }

  /// Follows symbolic links on the way only.
  func resolveParent(_ path: TreePath) throws -> TreePath {
    guard let parent = path.parent else { return path }
    return try resolve(parent).appending(name: path.name) ?? path
  }
}

extension TreePath {
  /// A path as people write it; one that would leave the root stays there, as a path of a file system does.
  static func clamped(_ text: String) -> TreePath {
    text.utf8.split(separator: UInt8(ascii: "/")).reduce(.root) { path, component in
      component.elementsEqual("..".utf8) ? path.parent ?? .root : path.appending(name: component) ?? path
    }
  }

  /// For patterns of .dockerignore, which are text. Invalid UTF-8 is repaired.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}
