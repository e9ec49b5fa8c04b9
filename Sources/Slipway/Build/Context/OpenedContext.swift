import Archive
import Builder
import Diagnostics
import DockerfileSyntax
import HostOS
import SystemPackage

/// A build context whose files can be read.
struct OpenedContext: Sendable {
  /// Empty where the context is a Dockerfile by itself.
  var folder: FilePath
  /// The Dockerfile that was given in the place of a context; it wins over all others.
  var dockerfile: SourceFile?
  /// Whether it is a folder of the user's, to which `.dockerignore` applies; of what comes from elsewhere it is a file
  /// like others, as in BuildKit.
  var isLocal: Bool
  /// What the archive says of the files, by their paths; empty for all that does not come from one.
  var archived: [TreePath: TreeEntry] = [:]
  /// The commit of a repository, and the folder that has it; nil for a checkout of the user's own.
  var commit: String?
  var repository: FilePath?

  /// A file of the context; nil when it is not there. Symbolic links in what comes from elsewhere lead nowhere outside.
  /// - Throws: `HostError`.
  func file(_ path: String) throws -> FilePath? {
    if !isLocal { return try Files.resolve(path, inside: folder) }
    let file = folder.pushing(FilePath(path))
    return try FileStatus.ifExists(file) == nil ? nil : file
  }

  /// For the Builder.
  /// - Parameter checkoutTime: when git is to have checked the files out; nil is as they are.
  func local(ignoring ignore: DockerIgnore, checkoutTime: Timestamp? = nil) -> LocalContext {
    var context = LocalContext(folder, ignore: isLocal ? ignore : DockerIgnore())
    context.archived = archived
    context.checkoutTime = checkoutTime
    return context
  }
}
