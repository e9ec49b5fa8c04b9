import Archive
import Diagnostics
import HostOS
import OCI
import RemoteSources

/// A file that was fetched, as the only one of its tree: root's, of the mode 0600, with the time that its server says
/// (BuildKit, `source/http`).
struct RemoteFileTree: FileTree {
  let file: RemoteFile
  let path: TreePath
  let name: String

  /// - Throws: `BuilderError` with the code `invalid-file-name`.
  init(_ file: RemoteFile, called fileName: String, name: String) throws {
    guard let path = TreePath(fileName), !path.isRoot else {
      throw BuilderError("invalid-file-name", "\"\(fileName)\" cannot be a file's name")
    }
    self.file = file
    self.path = path
    self.name = name
  }

  func entry(at path: TreePath) throws -> TreeEntry? {
    if path.isRoot { return TreeEntry(path: .root, kind: .directory, mode: 0o755, modificationTime: time) }
    guard path == self.path else { return nil }
    return TreeEntry(path: path, kind: .file(size: file.size), mode: 0o600, modificationTime: time)
  }

  func names(in folder: TreePath) throws -> [[UInt8]] { folder.isRoot ? [Array(path.name)] : [] }
  func content(at path: TreePath) throws -> ContentReference { .file(file.path) }

  func contentSHA256(at path: TreePath) throws -> [UInt8] {
    let digits = Array(file.digest.hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<min($0 + 2, digits.count)], as: UTF8.self), radix: 16)
    }
  }

  private var time: Timestamp { file.lastModified ?? Timestamp(seconds: 0) }
}
