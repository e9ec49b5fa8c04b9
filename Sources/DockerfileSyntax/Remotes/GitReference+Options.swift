import Diagnostics

/// What fragment, query and flags say.
extension GitReference {
  private static let names = [
    "ref", "tag", "branch", "commit", "checksum", "subdir", "keep-git-dir", "submodules", "mtime", "fetch-by-commit",
  ]

  mutating func apply(fragment: String?, query: String?, _ text: String) throws(GitReferenceError) {
    if let fragment {
      let parts = fragment.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      ref = parts[0].isEmpty ? nil : String(parts[0])
      subfolder = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
    }
    guard let query else { return try checkRef(text) }
    var values: [String: String] = [:]
    for (name, value) in RemoteAddress.pairs(of: query) {
      let place = Self.place(of: name, in: text)
      guard Self.names.contains(name) else {
        let nearest = Suggestion.nearest(to: name, in: Self.names)
        throw GitReferenceError(
          "unexpected query \"\(name)\"", place,
          help: nearest.map { "did you mean \($0)=?" } ?? "the options are \(Self.names.joined(separator: ", "))")
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw GitReferenceError("query \"\(name)\" has multiple values", place, help: "write \(name)= once")
      }
      if value.isEmpty, !["submodules", "keep-git-dir", "fetch-by-commit"].contains(name) {
        throw GitReferenceError("query \"\(name)\" has no value", place, help: "write \(name)=VALUE")
      }
    }
    try applyRef(values, text)
    try applyRest(values, text)
    try checkRef(text)
  }

  private mutating func applyRef(_ values: [String: String], _ text: String) throws(GitReferenceError) {
    let kinds = [("ref", ""), ("tag", "refs/tags/"), ("branch", "refs/heads/")]
    if values["tag"] != nil, values["branch"] != nil {
      throw GitReferenceError(
        "branch conflicts with tag", Self.place(of: "branch", in: text), help: "write tag= or branch=, not both")
    }
    // A function of its own: in one, Swift 6.3's optimizer fails.
    for (name, prefix) in kinds where values[name] != nil { try setRef(values[name] ?? "", name, prefix, text) }
  }

  private mutating func setRef(
    _ value: String, _ name: String, _ prefix: String, _ text: String
  ) throws(GitReferenceError) {
    let full = value.hasPrefix(prefix) ? value : prefix + value
    if let ref, ref != full {
      throw GitReferenceError(
        "ref conflicts: \"\(ref)\" vs \"\(full)\"", Self.place(of: name, in: text), help: "name one ref")
    }
    ref = full
  }

  private mutating func applyRest(_ values: [String: String], _ text: String) throws(GitReferenceError) {
    if let value = values["subdir"] {
      if let subfolder, subfolder != value {
        throw GitReferenceError(
          "subdir conflicts: \"\(subfolder)\" vs \"\(value)\"", Self.place(of: "subdir", in: text),
          help: "name one folder")
      }
      subfolder = value
    }
    if let commit = values["commit"], let checksum = values["checksum"], commit != checksum {
      throw GitReferenceError(
        "checksum conflicts: \"\(checksum)\" vs \"\(commit)\"", Self.place(of: "commit", in: text),
        help: "commit= is another name of checksum=; write one of them")
    }
    checksum = values["checksum"] ?? values["commit"]
    // The beginning of a commit can be checked, but not asked for.
    if ref == nil, let checksum, Self.isCommit(checksum) { ref = checksum }
    keepsGitFolder = try Self.flag("keep-git-dir", values, text)
    fetchesSubmodules = try Self.flag("submodules", values, text)
    fetchesByCommit = try Self.flag("fetch-by-commit", values, text) ?? false
    guard let times = values["mtime"] else { return }
    guard let known = ModificationTimes(rawValue: times) else {
      throw GitReferenceError(
        "invalid mtime value: \"\(times)\"", Self.place(of: "mtime", in: text),
        help: "write mtime=checkout or mtime=commit")
    }
    modificationTimes = known
  }

  /// Go's `strconv.ParseBool`; no value means true.
  private static func flag(
    _ name: String, _ values: [String: String], _ text: String
  ) throws(GitReferenceError) -> Bool? {
    guard let value = values[name] else { return nil }
    if ["", "1", "t", "T", "true", "TRUE", "True"].contains(value) { return true }
    if ["0", "f", "F", "false", "FALSE", "False"].contains(value) { return false }
    throw GitReferenceError(
      "invalid \(name) value: \"\(value)\"", place(of: name, in: text), help: "write \(name)=true or \(name)=false")
  }

  /// git-check-ref-format(1), so that no ref is taken for an option or a pattern by git.
  private func checkRef(_ text: String) throws(GitReferenceError) {
    guard let ref else { return }
    let forbidden: Set<UInt8> = Set(" ~^:?*[\\".utf8).union([0x7F])
    if ref.hasPrefix("-") || ref.contains("..") || ref.utf8.contains(where: { $0 < 0x20 || forbidden.contains($0) }) {
      throw GitReferenceError(
        "\"\(ref)\" is not a name that a branch, a tag or a commit can have", 0..<text.utf8.count,
        help: "name a branch, a tag, or all digits of a commit")
    }
  }

  /// The flags of ADD beside the reference: `--checksum` and `--keep-git-dir`.
  /// - Throws: `GitReferenceError` where they say something else than the reference, and for a checksum that is no
  ///   beginning of a commit.
  public func merging(checksum flag: String?, keepsGitFolder keeps: Bool?) throws(GitReferenceError) -> GitReference {
    var merged = self
    if let flag, let checksum, flag != checksum {
      throw GitReferenceError(
        "checksum mismatch: --checksum is \"\(flag)\", the URL says \"\(checksum)\"", 0..<0,
        help: "say it once, with --checksum or in the URL")
    }
    if let keeps, let keepsGitFolder, keeps != keepsGitFolder {
      throw GitReferenceError(
        "--keep-git-dir=\(keeps) and keep-git-dir=\(keepsGitFolder) in the URL do not go together", 0..<0,
        help: "say it once, with --keep-git-dir or in the URL")
    }
    merged.checksum = checksum ?? flag
    merged.keepsGitFolder = keepsGitFolder ?? keeps
    if let checksum = merged.checksum, checksum.isEmpty || !checksum.utf8.allSatisfy(ASCII.isHexDigit) {
      throw GitReferenceError(
        "invalid checksum \"\(checksum)\" for a git repository, expected the hexadecimal digits of a commit", 0..<0,
        help: "write the commit that git rev-parse HEAD prints")
    }
    if merged.fetchesByCommit, !(merged.checksum.map(Self.isCommit) ?? false) {
      throw GitReferenceError(
        "fetch-by-commit needs all digits of a commit in checksum=", 0..<0,
        help: "add checksum=COMMIT with the digits that git rev-parse HEAD prints")
    }
    return merged
  }

  /// Where an option stands; all of the text when it is written in another way.
  private static func place(of name: String, in text: String) -> Range<Int> {
    let whole = 0..<text.utf8.count
    guard let mark = text.firstIndex(of: "?") else { return whole }
    let end = text[mark...].firstIndex(of: "#") ?? text.endIndex
    let parts = text[text.index(after: mark)..<end].split(separator: "&")
    guard let part = parts.last(where: { $0 == name || $0.hasPrefix("\(name)=") }) else { return whole }
    let utf8 = text.utf8
    return utf8.distance(
      from: utf8.startIndex, to: part.startIndex)..<utf8.distance(
        from: utf8.startIndex, to: part.endIndex)
  }
}
