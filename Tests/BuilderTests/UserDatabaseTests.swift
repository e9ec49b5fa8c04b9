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
      ("", 0, 0), ("root", 0, 0), ("4294967295", 4_294_967_295, 4_294_967_295), ("77", 78, 78), ("app:88", 1000, 89),
    ] as [(String, UInt32, UInt32)])
  func owners(_ text: String, _ uid: UInt32, _ gid: UInt32) throws {
    #expect(try users.owner(text) == FileOwner(uid: uid, gid: gid))
  }

  @Test(arguments: [
    ("ap", "unknown-user", "did you mean app?"),
    ("nobody-like-this", "unknown-user", "use a number, or make the user in a RUN before"),
    ("app:xtra", "unknown-group", "did you mean extra?"), ("bad", "unknown-user", nil), ("short", "unknown-user", nil),
    ("-1", "unknown-user", nil), ("4294967296", "unknown-user", nil), ("app:-1", "unknown-group", nil),
    ("a:b:c", "unknown-user", nil),
  ])
  func unknownNames(_ text: String, _ code: DiagnosticCode, _ help: String?) throws {
    let error = #expect(throws: BuilderError.self) { try users.owner(text) }
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.code == code)
    if let help { #expect(diagnostic.help == [help]) }
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
