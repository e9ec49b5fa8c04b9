import Diagnostics
import DockerfileSyntax
import HostOS
import SystemPackage

/// What people give as the context: `PATH | URL | -` (docker buildx build).
enum ContextArgument: Sendable, Hashable {
  case standardInput
  /// A folder.
  case folder(FilePath)
  /// An archive.
  case file(FilePath)
  case git(GitReference)
  /// An archive or a Dockerfile by its URL.
  case web(String)

  var isFolder: Bool {
    if case .folder = self { true } else { false }
  }

  /// What exists here comes first, so that `github.com/owner/repository` may be a folder.
  /// - Throws: `SlipwayError` with the code `context-not-found`, `GitReferenceError`.
  init(_ text: String) throws {
    if text == "-" {
      self = .standardInput
      return
    }
    if !text.isEmpty, let status = try? FileStatus(following: FilePath(text)) {
      self = status.kind == .directory ? .folder(FilePath(text)) : .file(FilePath(text))
      return
    }
    if let reference = try GitReference.parse(text) {
      self = .git(reference)
    } else if text.hasPrefix("http://") || text.hasPrefix("https://") {
      self = .web(text)
    } else {
      throw SlipwayError(
        "context-not-found", "the context \(text) is not a folder",
        help: [
          "name the folder that COPY reads from, . for this one",
          "or the URL of a git repository or an archive, or - for an archive or a Dockerfile on standard input",
        ])
    }
  }
}
