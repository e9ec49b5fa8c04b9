import Diagnostics
import OCI
import Testing

@Suite struct ImageReferenceTests {
  private static let digest = "sha256:" + String(repeating: "0a", count: 32)

  @Test(arguments: [
    ("alpine", "docker.io/library/alpine"), ("alpine:3.20", "docker.io/library/alpine:3.20"),
    ("docker.io/alpine", "docker.io/library/alpine"), ("index.docker.io/library/alpine", "docker.io/library/alpine"),
    ("user/app", "docker.io/user/app"), ("docker.io/user/app:v1", "docker.io/user/app:v1"),
    ("localhost/app", "localhost/app"), ("localhost:5000/app", "localhost:5000/app"),
    ("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000/a/b/c:x"), ("[::1]:5000/app", "[::1]:5000/app"),
    ("[2001:db8::1]/app:x", "[2001:db8::1]/app:x"), ("Host/app", "Host/app"),
    ("123.dkr.ecr.eu-west-1.amazonaws.com/team/app:1", "123.dkr.ecr.eu-west-1.amazonaws.com/team/app:1"),
    ("a/b__c/d-e/f--g/h.i/j_k", "docker.io/a/b__c/d-e/f--g/h.i/j_k"),
    ("alpine@\(digest)", "docker.io/library/alpine@\(digest)"),
    ("alpine:3@\(digest)", "docker.io/library/alpine:3@\(digest)"),
    ("x:_Tag.with-all_3", "docker.io/library/x:_Tag.with-all_3"),
    ("x:" + String(repeating: "t", count: 128), "docker.io/library/x:" + String(repeating: "t", count: 128)),
  ])
  func completesNames(_ text: String, _ full: String) throws {
    let reference = try ImageReference(parsing: text)
    #expect(reference.description == full)
    #expect(try ImageReference(parsing: full) == reference)
    #expect(try ImageReference(parsing: reference.familiarDescription) == reference)
  }

  private static let badTag = "a tag has up to 128 letters, digits, _ . - and begins with a letter, a digit or _"
  private static let badRepository =
    "write words of lower-case letters and digits, joined by . _ __ or -, between slashes"

  static let invalid: [(String, String, String)] = [
    ("", "there is no name", "write [REGISTRY/]REPOSITORY[:TAG]"),
    (":tag", "there is no name", "write [REGISTRY/]REPOSITORY[:TAG]"),
    ("@\(digest)", "there is no name", "write [REGISTRY/]REPOSITORY[:TAG]"),
    ("a:", "\"\" is not a tag", badTag),
    ("a:-x", "\"-x\" is not a tag", badTag),
    ("a:\u{E4}", "\"\u{E4}\" is not a tag", badTag),
    ("a:" + String(repeating: "t", count: 129), "\"\(String(repeating: "t", count: 129))\" is not a tag", badTag),
    ("a@sha256:12", "what follows the @ is not a digest", "write sha256: and 64 lower-case hexadecimal digits"),
    ("a@", "what follows the @ is not a digest", "write sha256: and 64 lower-case hexadecimal digits"),
    ("User/App:Tag", "a repository has no capital letters", "write user/app:Tag"),
    ("App", "a repository has no capital letters", "write app"),
    ("a//b", "\"a//b\" is not a repository", badRepository),
    ("a/", "\"a/\" is not a repository", badRepository),
    ("/a", "\"/a\" is not a repository", badRepository),
    ("a..b", "\"library/a..b\" is not a repository", badRepository),
    ("a___b", "\"library/a___b\" is not a repository", badRepository),
    ("-a", "\"library/-a\" is not a repository", badRepository),
    ("a_", "\"library/a_\" is not a repository", badRepository),
    ("a b", "\"library/a b\" is not a repository", badRepository),
    ("https://r.example/a", "\"https:\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    ("r.example:+80/a", "\"r.example:+80\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    ("r.example:65536/a", "\"r.example:65536\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    ("r.example:/a", "\"r.example:\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    ("r..example/a", "\"r..example\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    ("-r.example/a", "\"-r.example\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    ("[::1]x:80/a", "\"[::1]x:80\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    ("[12]:80/a", "\"[12]:80\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    ("[::\u{FF11}]/a", "\"[::\u{FF11}]\" is not a host", "write HOST[:PORT]/NAME[:TAG]"),
    (String(digest.dropFirst(7)), "64 hexadecimal digits name no repository", "write NAME@\(digest)"),
    (
      String(repeating: "a/", count: 130) + "b", "\"\(String(repeating: "a/", count: 130))b\" is not a repository",
      badRepository
    ),
  ]

  @Test(arguments: invalid)
  func refuses(_ text: String, _ reason: String, _ help: String) throws {
    let error = #expect(throws: OCIError.self) { try ImageReference(parsing: text) }
    #expect(error?.diagnostic.message == "\"\(text)\" is not an image name: \(reason)")
    #expect(error?.diagnostic.help == [help])
    #expect(error?.diagnostic.code == "invalid-reference")
    #expect(error?.exitCode == .usage)
  }

  /// A short name must mean the same image when it is read again.
  @Test(arguments: [
    ("docker.io/library/alpine", "alpine"), ("docker.io/user/app", "user/app"),
    ("docker.io/library/a/b", "library/a/b"), ("docker.io/localhost/app", "docker.io/localhost/app"),
    ("docker.io/a.b/app", "docker.io/a.b/app"), ("r.example/library/x", "r.example/library/x"),
  ])
  func shortensForPeople(_ text: String, _ familiar: String) throws {
    let reference = try ImageReference(parsing: text)
    #expect(reference.familiarName == familiar)
    #expect(try ImageReference(parsing: familiar) == reference)
  }

  @Test func completesTags() throws {
    let plain = try ImageReference(parsing: "a")
    let digest = try #require(Digest(Self.digest))
    #expect(plain.identifier == "latest")
    #expect(plain.withDefaultTag.tag == "latest")
    #expect(plain.with(digest: digest).withDefaultTag.tag == nil)
    #expect(plain.with(digest: digest).identifier == Self.digest)
    #expect(try ImageReference(parsing: "a:b").withDefaultTag.tag == "b")
  }

  @Test(arguments: [
    ("localhost/a", true), ("localhost:5000/a", true), ("x.localhost/a", true), ("127.0.0.1/a", true),
    ("127.9.9.9:1/a", true), ("[::1]:5000/a", true), ("127.0.0.1.example/a", false), ("127.0.0.256/a", false),
    ("128.0.0.1/a", false), ("localhost.example/a", false), ("[::2]/a", false), ("a", false),
  ])
  func knowsLoopback(_ text: String, _ isLoopback: Bool) throws {
    #expect(try ImageReference(parsing: text).isLoopback == isLoopback)
  }

  /// Arbitrary text is refused or read, and never traps.
  @Test func readsAnything() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("aA0.:/@[]-_ \u{E4}%sha256")
    for _ in 0..<5000 {
      let text = String(
        (0..<Int.random(in: 0...20, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
      guard let reference = try? ImageReference(parsing: text) else { continue }
      #expect((try? ImageReference(parsing: reference.description)) == reference, "\(text)")
      #expect((try? ImageReference(parsing: reference.familiarDescription)) == reference, "\(text)")
    }
  }
}
