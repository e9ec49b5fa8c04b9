import Diagnostics
import DockerfileSyntax
import Testing

@Suite struct GitReferenceTests {
  /// What a reference has to come to; what is not said is as it is by default.
  struct Case: Sendable, CustomTestStringConvertible {
    var text: String
    var remote: String
    var name: String
    var ref: String?
    var checksum: String?
    var folder: String?
    var keeps: Bool?
    var submodules: Bool?
    var times: GitReference.ModificationTimes?
    var byCommit = false
    var local = false
    var testDescription: String { text }
  }

  private static let commit = "0123456789abcdef0123456789abcdef01234567"
  private static let kit = "https://github.com/moby/buildkit.git"

  @Test(
    "references",
    arguments: [
      Case(text: "https://example.com/foo.git", remote: "https://example.com/foo.git", name: "foo"),
      Case(
        text: "https://example.com/foo.git#deadbeef", remote: "https://example.com/foo.git", name: "foo",
        ref: "deadbeef"),
      Case(text: "HTTPS://example.com/foo.git#v1/2", remote: "https://example.com/foo.git", name: "foo", ref: "v1/2"),
      Case(text: "git://example.com/foo", remote: "git://example.com/foo", name: "foo"),
      Case(text: "ssh://git@host:2222/a/b.git#x", remote: "ssh://git@host:2222/a/b.git", name: "b", ref: "x"),
      Case(text: "https://foo:bar@h:1/b.git", remote: "https://foo:bar@h:1/b.git", name: "b"),
      Case(text: "git@github.com:moby/buildkit", remote: "git@github.com:moby/buildkit", name: "buildkit"),
      Case(text: "git@h:m/b.git?subdir=/d#v1", remote: "git@h:m/b.git", name: "b", ref: "v1", folder: "/d"),
      Case(text: "https://h/bar.git#a/b:c/d:e", remote: "https://h/bar.git", name: "bar", ref: "a/b", folder: "c/d:e"),
      Case(text: "https://h/bar.git#:dir", remote: "https://h/bar.git", name: "bar", folder: "dir"),
      Case(text: "https://h/bar.git#", remote: "https://h/bar.git", name: "bar"),
      Case(text: "https://h/bar.git#a%2Fb", remote: "https://h/bar.git", name: "bar", ref: "a/b"),
      Case(text: "github.com/moby/buildkit", remote: "https://github.com/moby/buildkit", name: "buildkit", local: true),
      Case(
        text: "github.com/m/b?tag=v1", remote: "https://github.com/m/b", name: "b", ref: "refs/tags/v1", local: true),
      Case(text: kit + "?ref=v1&subdir=/s", remote: kit, name: "buildkit", ref: "v1", folder: "/s"),
      Case(text: kit + "?subdir=/s#v1", remote: kit, name: "buildkit", ref: "v1", folder: "/s"),
      Case(text: kit + "?subdir=s#v1:s", remote: kit, name: "buildkit", ref: "v1", folder: "s"),
      Case(text: kit + "?tag=v1", remote: kit, name: "buildkit", ref: "refs/tags/v1"),
      Case(text: kit + "?tag=refs/tags/v1#refs/tags/v1", remote: kit, name: "buildkit", ref: "refs/tags/v1"),
      Case(text: kit + "?branch=v1", remote: kit, name: "buildkit", ref: "refs/heads/v1"),
      Case(text: kit + "?branch=a%2Fb", remote: kit, name: "buildkit", ref: "refs/heads/a/b"),
      Case(
        text: kit + "?checksum=" + commit, remote: kit, name: "buildkit", ref: commit, checksum: commit),
      Case(text: kit + "?checksum=0123", remote: kit, name: "buildkit", checksum: "0123"),
      Case(text: kit + "?commit=0123&tag=v1", remote: kit, name: "buildkit", ref: "refs/tags/v1", checksum: "0123"),
      Case(text: kit + "?keep-git-dir", remote: kit, name: "buildkit", keeps: true),
      Case(text: kit + "?keep-git-dir=0&submodules=", remote: kit, name: "buildkit", keeps: false, submodules: true),
      Case(text: kit + "?submodules=false", remote: kit, name: "buildkit", submodules: false),
      Case(text: kit + "?mtime=commit", remote: kit, name: "buildkit", times: .commit),
      Case(
        text: kit + "?branch=b&fetch-by-commit=true&checksum=" + commit, remote: kit, name: "buildkit",
        ref: "refs/heads/b", checksum: commit, byCommit: true),
    ])
  func references(expected: Case) throws {
    let reference = try #require(try GitReference.parse(expected.text))
    #expect(reference.remote == expected.remote)
    #expect(reference.shortName == expected.name)
    #expect(reference.ref == expected.ref)
    #expect(reference.checksum == expected.checksum)
    #expect(reference.subfolder == expected.folder)
    #expect(reference.keepsGitFolder == expected.keeps)
    #expect(reference.fetchesSubmodules == expected.submodules)
    #expect(reference.modificationTimes == expected.times)
    #expect(reference.fetchesByCommit == expected.byCommit)
    #expect(reference.looksLikeLocalPath == expected.local)
  }

  @Test(
    "what is no reference to git",
    arguments: [
      "", ".", ".git", "./.git", "../x.git", "custom.xyz/moby/buildkit.git", "https://example.com/",
      "https://example.com/foo", "https://example.com/foo.git/", "https://example.com/foo.git.bar",
      "http://github.com/docker/docker.git:#branch", "https://h/x?a=b.git", "ftp://h/x.git", "file:///x.git",
      "user@host", "a b@host:x", "C:\\x", "https://h/%zz.git", "@host:x", "u@:x",
    ])
  func others(text: String) throws {
    #expect(try GitReference.parse(text) == nil)
  }

  @Test(
    "options that are wrong",
    arguments: [
      ("?ref=v1#v2", "ref conflicts: \"v2\" vs \"v1\"", "ref=v1"),
      ("?ref=v1&tag=v2", "ref conflicts: \"v1\" vs \"refs/tags/v2\"", "tag=v2"),
      ("?tag=v1&branch=v1", "branch conflicts with tag", "branch=v1"),
      ("?subdir=a#x:b", "subdir conflicts: \"b\" vs \"a\"", "subdir=a"),
      ("?invalid=1", "unexpected query \"invalid\"", "invalid=1"),
      ("?ref=a&ref=b", "query \"ref\" has multiple values", "ref=b"),
      ("?tag=", "query \"tag\" has no value", "tag="),
      ("?subdir", "query \"subdir\" has no value", "subdir"),
      ("?keep-git-dir=maybe", "invalid keep-git-dir value: \"maybe\"", "keep-git-dir=maybe"),
      ("?submodules=2", "invalid submodules value: \"2\"", "submodules=2"),
      ("?mtime=now", "invalid mtime value: \"now\"", "mtime=now"),
      ("?commit=ab&checksum=cd", "checksum conflicts: \"cd\" vs \"ab\"", "commit=ab"),
      ("#--upload-pack=x", "\"--upload-pack=x\" is not a name that a branch, a tag or a commit can have", nil),
      ("?ref=a..b", "\"a..b\" is not a name that a branch, a tag or a commit can have", nil),
      ("?ref=a:b", "\"a:b\" is not a name that a branch, a tag or a commit can have", nil),
    ] as [(String, String, String?)])
  func wrongOptions(options: String, message: String, place: String?) throws {
    let text = "https://h/x.git" + options
    let error = try #require(throws: GitReferenceError.self) { try GitReference.parse(text) }
    #expect(error.message == message)
    #expect(!error.help.isEmpty)
    #expect(String(decoding: Array(text.utf8)[error.range], as: UTF8.self) == place ?? text)
  }

  @Test func suggestsTheOptionThatWasMeant() throws {
    let error = try #require(throws: GitReferenceError.self) { try GitReference.parse("https://h/x.git?brunch=a") }
    #expect(error.help == ["did you mean branch=?"])
  }

  @Test func pointsIntoTheWord() throws {
    let file = SourceFile(name: "Dockerfile", text: "ADD https://h/x.git?mtime=now /x\n")
    let word = Word("https://h/x.git?mtime=now", range: SourceRange(4, 29))
    let error = try #require(throws: GitReferenceError.self) { try GitReference.parse(word.text) }
    #expect(error.located(in: file, word).annotation?.range == SourceRange(20, 29))
    let variable = Word("https://h/x.git?$OPTIONS", range: SourceRange(4, 28))
    #expect(error.located(in: file, variable).annotation?.range == SourceRange(4, 28))
  }

  @Test func mergesWithFlags() throws {
    let reference = try #require(try GitReference.parse(Self.kit + "?checksum=abc&keep-git-dir=true"))
    #expect(try reference.merging(checksum: "abc", keepsGitFolder: true) == reference)
    #expect(try reference.merging(checksum: nil, keepsGitFolder: nil) == reference)
    let plain = try #require(try GitReference.parse(Self.kit))
    let merged = try plain.merging(checksum: "ABC", keepsGitFolder: false)
    #expect(merged.checksum == "ABC")
    #expect(merged.keepsGitFolder == false)
    #expect(merged.ref == nil)
  }

  @Test(
    "flags that do not go with the reference",
    arguments: [
      ("?checksum=abc", "abd", nil, "checksum mismatch: --checksum is \"abd\", the URL says \"abc\""),
      (
        "?keep-git-dir=false", nil, true,
        "--keep-git-dir=true and keep-git-dir=false in the URL do not go together"
      ),
      (
        "", "sha256:ab", nil,
        "invalid checksum \"sha256:ab\" for a git repository, expected the hexadecimal digits of a commit"
      ),
      ("", "", nil, "invalid checksum \"\" for a git repository, expected the hexadecimal digits of a commit"),
      ("?fetch-by-commit&tag=x", "abc", nil, "fetch-by-commit needs all digits of a commit in checksum="),
    ] as [(String, String?, Bool?, String)])
  func conflictingFlags(options: String, checksum: String?, keeps: Bool?, message: String) throws {
    let reference = try #require(try GitReference.parse(Self.kit + options))
    let error = #expect(throws: GitReferenceError.self) {
      try reference.merging(checksum: checksum, keepsGitFolder: keeps)
    }
    #expect(error?.message == message)
  }

  @Test func keepsPasswordsToItself() throws {
    let reference = try #require(try GitReference.parse("https://me:p%40ss@h/x.git"))
    #expect(reference.shownRemote == "https://h/x.git")
    #expect(reference.credentials?.user == "me")
    #expect(reference.credentials?.password == "p@ss")
    let shell = try #require(try GitReference.parse("git@h:x"))
    #expect(shell.shownRemote == "git@h:x")
    #expect(shell.credentials == nil)
  }

  @Test(
    "sources of ADD",
    arguments: [
      ("https://h/a/b.tar.gz?x=y#z", "b.tar.gz"), ("http://h", "__unnamed__"), ("http://h/", "__unnamed__"),
      ("http://h/a/", "a"), ("http://h/a%20b", "a b"), ("http://h/a%2Fb", "b"), ("http://h/..", "__unnamed__"),
      ("https://h/x.git/", "x.git"), ("http://h/%zz", "__unnamed__"), ("http://h/a%00b", "__unnamed__"),
    ])
  func files(url: String, name: String) throws {
    #expect(try RemoteSource.parse(url) == .http(url: url, fileName: name))
  }

  @Test("paths that ADD takes from the context", arguments: ["a", "github.com/a/b", "HTTP://h/x", "/http://h"])
  func paths(text: String) throws {
    #expect(try RemoteSource.parse(text) == nil)
  }

  @Test func tellsCommitsFromOtherNames() {
    #expect(GitReference.isCommit(Self.commit))
    #expect(GitReference.isCommit(String(repeating: "a", count: 64)))
    #expect(!GitReference.isCommit(Self.commit.uppercased()))
    #expect(!GitReference.isCommit("abc"))
  }
}
