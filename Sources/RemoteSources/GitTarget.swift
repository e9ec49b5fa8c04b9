import DockerfileSyntax

/// What a reference stands for on the server.
struct GitTarget: Sendable, Hashable {
  /// In full, such as `refs/heads/main`; nil where a commit was named by itself.
  var ref: String?
  /// A commit, or a tag that has a message of its own.
  var object: String
  /// What such a tag stands for; nil where it is not known yet.
  var commit: String?

  init(ref: String?, object: String, commit: String?) {
    self.ref = ref
    self.object = object
    self.commit = commit
  }

  /// Finds a name in what `git ls-remote` answers, as BuildKit does: a ref in full first, then a branch, then a tag.
  init?(_ name: String, in answer: String) {
    var objects: [String: String] = [:]
    for line in answer.split(separator: "\n") {
      let parts = line.split(separator: "\t", maxSplits: 1)
      if parts.count == 2, GitReference.isCommit(String(parts[0])) { objects[String(parts[1])] = String(parts[0]) }
    }
    func full(_ prefix: String) -> String { name.hasPrefix(prefix) ? name : prefix + name }
    let candidates = [full("refs/"), full("refs/heads/"), full("refs/tags/")]
    guard let ref = candidates.first(where: { objects[$0] != nil }), let object = objects[ref] else { return nil }
    self.init(ref: ref, object: object, commit: objects["\(ref)^{}"] ?? object)
  }
}
