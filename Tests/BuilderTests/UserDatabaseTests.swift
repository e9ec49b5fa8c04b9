import Diagnostics
import TestSupport
import Testing

@testable import Builder

struct UserDatabaseTests {
  private let users = UserDatabase(
    passwd: """
      root:x:0:0:root:/root:/bin/sh
      app:x:1000:1001:App:/home/app:/bin/sh
      77:x:78:79::/odd:/bin/sh
      broken line
      bad:x:notanumber:1:::
      short:x:5
      app:x:4:4:second::
      """,
    group: """
      root:x:0:
      app:x:1001:
      extra:x:50:app,root
      wheel:x:51:root
      88:x:89:
      broken
      """)

  @Test(
    arguments: [
      ("app", 1000, 1001), ("app:extra", 1000, 50), ("app:7", 1000, 7), ("1000", 1000, 1000), ("1000:7", 1000, 7),
      ("4242", 4242, 4242), ("4242:extra", 4242, 50), (":extra", 0, 50), (":7", 0, 7), ("app:", 1000, 0), (":", 0, 0),
      ("", 0, 0), ("root", 0, 0), ("2147483647", 2_147_483_647, 2_147_483_647), ("77", 77, 77), ("app:88", 1000, 88),
      ("short", 5, 0), ("bad", 0, 1),
    ] as [(String, UInt32, UInt32)])
  func owners(_ text: String, _ uid: UInt32, _ gid: UInt32) throws {
    var unknown: [String] = []
    #expect(users.owner(text) { unknown.append($0) } == FileOwner(uid: uid, gid: gid))
    #expect(unknown.isEmpty)
  }

  @Test(
    arguments: [
      ("ap", 0, 0, "user \"ap\""), ("app:xtra", 1000, 1001, "group \"xtra\""), ("4:xtra", 4, 4, "group \"xtra\""),
      ("-1", 0, 0, "user \"-1\""), ("2147483648", 0, 0, "user \"2147483648\""),
      ("app:-1", 1000, 1001, "group \"-1\""), ("a:extra", 0, 50, "user \"a\""),
      ("app:b:c", 1000, 1001, "group \"b:c\""),
    ] as [(String, UInt32, UInt32, String)])
  func unknownOwners(_ text: String, _ uid: UInt32, _ gid: UInt32, _ name: String) {
    var unknown: [String] = []
    #expect(users.owner(text) { unknown.append($0) } == FileOwner(uid: uid, gid: gid))
    #expect(unknown == [name])
  }

  @Test(arguments: [
    ("ap", "did you mean app?"), ("nobody-like-this", "use a number, or make the user in a RUN before"), ("-1", nil),
    ("4294967296", nil), ("a:b", nil),
  ])
  func unknownUsers(_ text: String, _ help: String?) throws {
    let error = #expect(throws: BuilderError.self) { try users.user(text) }
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.code == "unknown-user")
    if let help { #expect(diagnostic.help == [help]) }
  }

  @Test func unknownGroups() throws {
    let error = #expect(throws: BuilderError.self) { try users.gid("xtra") }
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.code == "unknown-group" && diagnostic.help == ["did you mean extra?"])
  }

  @Test func usersThatAreNotListedHaveNoGroupAndNoHome() throws {
    let user = try users.user("4242")
    #expect(user.uid == 4242 && user.gid == 0 && user.home == "/")
    #expect(try users.user("1000").name == "app")
  }

  @Test(arguments: [("app", [50]), ("root", [50, 51]), ("nobody", [])] as [(String, [UInt32])])
  func supplementaryGroups(_ name: String, _ groups: [UInt32]) {
    #expect(users.supplementaryGroups(of: name) == groups)
  }

  @Test func emptyFilesListNobody() {
    let users = UserDatabase(passwd: "", group: "")
    #expect(users.users.isEmpty && users.groups.isEmpty)
  }
}
