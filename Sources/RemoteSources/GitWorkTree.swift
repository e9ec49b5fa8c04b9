import DockerfileSyntax
import HostOS
import SystemPackage

/// A commit's files while they are checked out.
struct GitWorkTree: Sendable {
  let git: GitCommand
  let repository: GitRepository
  let path: FilePath

  private var reference: GitReference { repository.reference }

  /// A repository with one commit, checked out with its submodules.
  func fill(_ target: GitTarget, commit: String) async throws {
    let format = commit.utf8.count == 64 ? "sha256" : "sha1"
    try await git.run(
      ["init", "--quiet", "--template=", "--object-format=\(format)", path.string], in: repository.folder)
    // Through the file protocol, which looks at what it copies; a clone would link any file it is told to.
    try await git.run(
      ["fetch", "--quiet", "--no-tags", "--depth=1", "--", "file://\(repository.bare.string)", target.object], in: path,
      by: .files)
    if let ref = target.ref { try await git.run(["update-ref", ref, target.object], in: path) }
    try await git.run(["checkout", "--quiet", "--detach", commit], in: path)
    try await git.run(["remote", "add", "origin", reference.shownRemote], in: path)
    if reference.fetchesSubmodules != false, try FileStatus.ifExists(path.appending(".gitmodules")) != nil {
      try await git.run(["submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"], in: path)
    }
    for name in ["FETCH_HEAD", "logs", "ORIG_HEAD"] {
      try Files.removeTree(path.appending(".git").appending(name))
    }
  }

  /// Leaves out `.git` here, and in submodules, where it would name folders of this machine.
  func removeGitFolders() throws {
    try visit(path) { file in
      guard file.lastComponent?.string == ".git" else { return true }
      try Files.removeTree(file)
      return false
    }
  }

  /// Gives all files and folders the time of the commit.
  func setTimes(_ commit: String) async throws {
    guard let time = try await git.time(of: commit, in: repository.bare) else { return }
    let tree = self
    try await Blocking.run {
      try tree.visit(tree.path) { file in
        try Files.setTime(file, time)
        return true
      }
      try Files.setTime(tree.path, time)
    }
  }

  /// Calls `body` for all that is in a folder, and goes into those folders for which it says so.
  private func visit(_ folder: FilePath, _ body: (FilePath) throws -> Bool) throws {
    for name in try Files.names(in: folder) {
      let file = folder.appending(name)
      if try body(file), try FileStatus(of: file).kind == .directory { try visit(file, body) }
    }
  }
}
