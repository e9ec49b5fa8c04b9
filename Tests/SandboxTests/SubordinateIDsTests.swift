import Testing

@testable import Sandbox

@Suite struct SubordinateIDsTests {
  @Test(arguments: [
    ("me:100000:65536\n", [SubordinateIDs.Range(start: 100_000, count: 65_536)]),
    ("1000:5:6\nme:7:8\nyou:1:1\n", [.init(start: 5, count: 6), .init(start: 7, count: 8)]),
    ("", []), ("me:1\nme:x:1\nme:1:0\nme:4294967295:2\nme:1:1:1\n:1:1\n", []),
  ])
  func readsTheLinesOfAUser(_ text: String, _ ranges: [SubordinateIDs.Range]) {
    #expect(SubordinateIDs.ranges(in: text, user: "me", uid: 1000) == ranges)
  }

  @Test func aUserWithoutANameIsFoundByNumber() {
    #expect(SubordinateIDs.ranges(in: ":1:1\n7:2:3\n", user: nil, uid: 7) == [.init(start: 2, count: 3)])
  }

  @Test func mapsRangesOneAfterTheOther() {
    let arguments = SubordinateIDs.mapArguments(
      caller: 1000, [.init(start: 100, count: 10), .init(start: 500, count: 5), .init(start: 1, count: .max)])
    #expect(arguments == ["0", "1000", "1", "1", "100", "10", "11", "500", "5"])
  }

  @Test(arguments: [
    ("user:[4026531837]", "         0          0 4294967295\n", UserNamespace.initial),
    ("user:[4026532837]", "         0          0 4294967295\n", .ranges),
    ("user:[4026532837]", "0 1000 1\n", .singleID), ("user:[4026532837]", "0 1000 1\n1 100000 65536\n", .ranges),
    ("user:[4026532837]", "", .singleID), ("user:[4026532837]", "0 0 99999999999999999999\n", .singleID),
  ])
  func tellsTheNamespace(_ name: String, _ map: String, _ expected: UserNamespace) {
    #expect(UserNamespace(name: name, map: map) == expected)
  }

  @Test func theIdentityMapKeepsWhatIsInside() {
    #expect(IDMapping.identityMap(ofMap: " 0 100000 65536\n 70000 5 1\nbad\n") == "0 0 65536\n70000 70000 1\n")
  }

  @Test func choosesTheBestMappingThatThereIs() {
    let ids = SubordinateIDs(users: [.init(start: 1, count: 2)], groups: [.init(start: 3, count: 4)])
    #expect(IDMapping.candidates(for: 1000, ids) == [.subordinate(ids)])
    #expect(IDMapping.candidates(for: 1000, SubordinateIDs(users: [], groups: ids.groups)).first?.reason != nil)
    #expect(IDMapping.candidates(for: 1000, SubordinateIDs(users: ids.users, groups: [])).first?.reason != nil)
    #expect(IDMapping.candidates(for: 0, ids).count == 2)
  }
}
