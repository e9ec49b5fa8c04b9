@testable import BuildPlanning
import Testing

@Suite struct PublicTextTests {
  @Test(arguments: [
    ("https://user:secret@example.com/x", "https://example.com/x"),
    ("ADD https://token@example.com/a@b http://u:p@h:80 /x@y", "ADD https://example.com/a@b http://h:80 /x@y"),
    ("https://a:b@c@example.com?x=@", "https://example.com?x=@"),
    ("ssh://git@example.com/x.git git@example.com:x.git", "ssh://git@example.com/x.git git@example.com:x.git"),
    ("\"https://u:p@h\"", "\"https://h\""), ("https://", "https://"), ("user@host", "user@host"), ("", ""),
  ])
  func takesCredentialsOut(_ text: String, _ expected: String) {
    #expect(PublicText.withoutCredentials(text) == expected)
  }
}
