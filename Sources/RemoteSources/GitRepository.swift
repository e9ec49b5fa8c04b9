import Diagnostics
import DockerfileSyntax
import HostOS
import SystemPackage

/// What is kept of one remote repository: `repository`, bare, and `checkouts`. Whoever uses it holds its lock.
struct GitRepository: Sendable {
  let git: GitCommand
  let reference: GitReference
  let folder: FilePath

  var bare: FilePath { folder.appending("repository") }
  private var checkouts: FilePath { folder.appending("checkouts") }
  private var isKeepingGit: Bool { reference.keepsGitFolder == true && isWhole }

  /// BuildKit keeps `.git` only beside all that the commit has.
  private var isWhole: Bool { subfolder.isEmpty }

  /// The folder that is asked for, relative to the root, which `..` does not leave.
  private var subfolder: String {
    var parts: [Substring] = []
    for part in (reference.subfolder ?? "").split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }

  func checkout() async throws -> RemoteCheckout {
    try Files.createDirectories(folder)
    try removeLeftovers(in: folder)
    if let known = try pinned() { return known }
    let target = try await resolve()
    let path = checkouts.appending(key(of: target))
    let isKnown = try FileStatus.ifExists(path) != nil
    if !isKnown {
      try await prepareBare(objectFormat: target.object.utf8.count == 64 ? "sha256" : "sha1")
      try await fetch(target)
      let commit = try await commit(of: target)
      try verify(target, commit: commit)
      try await checkOut(target, commit: commit, to: path)
    }
    let commit = String(decoding: try Files.read(commitPath(path)), as: UTF8.self)
    try verify(target, commit: commit)
    return RemoteCheckout(folder: try subfolder(of: path), commit: commit, repository: bare, isReused: isKnown)
  }

  /// The commit of the checksum, if it is here already: whatever the ref stands for by now, this is what was asked for.
  private func pinned() throws -> RemoteCheckout? {
    guard !isKeepingGit, let commit = reference.checksum, GitReference.isCommit(commit) else { return nil }
    let path = checkouts.appending(key(of: GitTarget(ref: nil, object: commit, commit: commit)))
    guard try FileStatus.ifExists(path) != nil else { return nil }
    return RemoteCheckout(folder: try subfolder(of: path), commit: commit, repository: bare, isReused: true)
  }

  /// A name for all that decides what is in the folder. Where `.git` is left out, a tag and its commit are the same.
  private func key(of target: GitTarget) -> String {
    var parts = [isKeepingGit ? target.object : target.commit ?? target.object]
    if isKeepingGit { parts.append("git \(target.ref ?? "")") }
    if reference.fetchesSubmodules == false { parts.append("no submodules") }
    if reference.modificationTimes == .commit { parts.append("commit times") }
    return SHA256Hasher.hex(of: parts.joined(separator: "\n").utf8)
  }

  private func commitPath(_ checkout: FilePath) -> FilePath {
    folder.appending("commits").appending(checkout.lastComponent?.string ?? "")
  }

  // MARK: What a reference stands for

  private func resolve() async throws -> GitTarget {
    if reference.fetchesByCommit, let commit = reference.checksum {
      return GitTarget(ref: reference.ref == commit ? nil : reference.ref, object: commit, commit: commit)
    }
    if let ref = reference.ref, GitReference.isCommit(ref) {
      return GitTarget(ref: nil, object: ref, commit: nil)
    }
    let ref: String
    if let named = reference.ref { ref = named } else { ref = try await defaultBranch() }
    let answer = try await git.run(["ls-remote", "--", remote, ref, "\(ref)^{}"], in: folder)
    guard let target = GitTarget(ref, in: answer) else {
      let isCommit = ref.count >= 4 && ref.allSatisfy(\.isHexDigit)
      throw RemoteSourceError(
        "git-missing-ref", "\(reference.shownRemote) has no branch and no tag \(ref)",
        help: [isCommit ? "write all digits of the commit" : "list what it has: git ls-remote \(reference.shownRemote)"]
      )
    }
    return target
  }

  private func defaultBranch() async throws -> String {
    let answer = try await git.run(["ls-remote", "--symref", "--", remote, "HEAD"], in: folder)
    for line in answer.split(separator: "\n") where line.hasPrefix("ref: refs/heads/") {
      if let name = line.dropFirst("ref: ".count).split(separator: "\t").first { return String(name) }
    }
    throw RemoteSourceError(
      "git-missing-ref", "\(reference.shownRemote) has no default branch",
      help: ["name a branch: \(reference.shownRemote)#BRANCH"])
  }

  /// Without credentials, which go another way.
  private var remote: String { reference.shownRemote }

  private func verify(_ target: GitTarget, commit: String) throws {
    guard let checksum = reference.checksum else { return }
    let found = [commit, target.object].reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    guard !found.contains(where: { $0.hasPrefix(checksum) || $0.hasPrefix(checksum.lowercased()) }) else { return }
    throw RemoteSourceError(
      "checksum-mismatch", "\(reference.shownRemote) is not at the commit that was asked for",
      notes: [
        "expected \(checksum)", "\(target.ref ?? reference.ref ?? "it") stands for \(found.joined(separator: " or "))",
      ], help: ["if it was moved on purpose, write the new commit; else do not use it"])
  }

  // MARK: Objects

  private func prepareBare(objectFormat: String) async throws {
    guard try FileStatus.ifExists(bare) == nil else {
      // Whoever held these was killed, for we hold the lock of all.
      for name in try Files.names(in: bare) where name.string.hasSuffix(".lock") {
        try Files.removeTree(bare.appending(name))
      }
      return
    }
    let temporary = folder.appending("new-\(Files.uniqueName())")
    try await git.run(
      ["init", "--quiet", "--bare", "--template=", "--object-format=\(objectFormat)", temporary.string], in: folder)
    try Files.rename(temporary, to: bare)
  }

  private func has(_ object: String) async throws -> Bool {
    do {
      try await git.run(["cat-file", "-e", "\(object)^{commit}"], in: bare)
      return true
    } catch is GitFailure { return false }
  }

  /// Gets the objects of one commit here, and as little else as the server can do with.
  private func fetch(_ target: GitTarget) async throws {
    if try await has(target.object) { return }
    if let ref = target.ref, !reference.fetchesByCommit {
      // Under a name of its own, so that the next fetch builds on it and names never get into each other's way.
      let own = "refs/slipway/\(SHA256Hasher.hex(of: ref.utf8))"
      try await fetch(["--no-tags", "--force"], "\(ref):\(own)")
      // The ref may have moved since the server told its commit.
      if try await has(target.object) { return }
    }
    do {
      try await fetch(["--no-tags"], target.object)
    } catch let failure as GitFailure where failure.isUnadvertised {
      let isShallow = try FileStatus.ifExists(bare.appending("shallow")) != nil
      try await git.run(
        ["fetch", "--quiet", "--force", "--tags"] + (isShallow ? ["--unshallow"] : [])
          + ["--", remote, "+refs/*:refs/slipway/all/*"], in: bare)
    }
    guard try await has(target.object) else {
      throw RemoteSourceError(
        "git-missing-commit", "\(reference.shownRemote) has no commit \(target.object)",
        help: ["check the commit; a commit that no branch and no tag leads to may be gone"])
    }
  }

  /// One commit, or all of its history where the server cannot do otherwise.
  private func fetch(_ options: [String], _ wanted: String) async throws {
    let start = ["fetch", "--quiet"] + options
    do {
      try await git.run(start + ["--depth=1", "--", remote, wanted], in: bare)
    } catch let failure as GitFailure where failure.isWithoutDepth {
      try await git.run(start + ["--", remote, wanted], in: bare)
    }
  }

  private func commit(of target: GitTarget) async throws -> String {
    let text = try await git.run(["rev-parse", "--verify", "\(target.object)^{commit}"], in: bare)
    return String(text.prefix { !$0.isWhitespace })
  }

  // MARK: Files

  private func checkOut(_ target: GitTarget, commit: String, to path: FilePath) async throws {
    try Files.createDirectories(checkouts)
    try removeLeftovers(in: checkouts)
    let temporary = checkouts.appending("new-\(Files.uniqueName())")
    do {
      let tree = GitWorkTree(git: git, repository: self, path: temporary)
      try await tree.fill(target, commit: commit)
      if !isKeepingGit { try await Blocking.run { try tree.removeGitFolders() } }
      if reference.modificationTimes == .commit { try await tree.setTimes(commit) }
      try Files.createDirectories(commitPath(path).removingLastComponent())
      try Files.writeAtomically(Array(commit.utf8), to: commitPath(path))
      try Files.rename(temporary, to: path)
    } catch {
      try? Files.removeTree(temporary)
      throw error
    }
  }

  /// What killed processes left behind.
  private func removeLeftovers(in folder: FilePath) throws {
    for name in try Files.names(in: folder) where name.string.hasPrefix("new-") {
      try Files.removeTree(folder.appending(name))
    }
  }

  private func subfolder(of path: FilePath) throws -> FilePath {
    if isWhole { return path }
    guard let found = try Files.resolve(subfolder, inside: path), try FileStatus(of: found).kind == .directory else {
      throw RemoteSourceError(
        "git-missing-folder", "\(reference.shownRemote) has no folder \(subfolder)",
        help: ["name a folder that the commit has; what lies outside of the repository cannot be used"])
    }
    return found
  }
}
