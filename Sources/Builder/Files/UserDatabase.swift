import Diagnostics

/// The users and groups of an image: `/etc/passwd` and `/etc/group` (passwd(5), group(5)).
struct UserDatabase: Sendable {
  struct User: Sendable {
    var name: String
    var uid: UInt32
    var gid: UInt32
    var home: String
  }

  struct Group: Sendable {
    var name: String
    var gid: UInt32
    var members: [String]
  }

  let users: [User]
  let groups: [Group]

  /// Fields that a line lacks are empty, and numbers that are none are 0, as builders and runtimes read these files.
  init(passwd: String, group: String) {
    users = Self.records(passwd).map { fields in
      User(name: fields[0], uid: UInt32(fields[2]) ?? 0, gid: UInt32(fields[3]) ?? 0, home: fields[5])
    }
    groups = Self.records(group).map { fields in
      Group(
        name: fields[0], gid: UInt32(fields[2]) ?? 0, members: fields[3].split(separator: ",").map(String.init))
    }
  }

  private static func records(_ text: String) -> [[String]] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      return line.contains(":") ? fields + Array(repeating: "", count: max(0, 6 - fields.count)) : nil
    }
  }

  /// The owner that `--chown=USER[:GROUP]` means: without a group, the user's number stands for the group's too when
  /// it is a number, else the user's own group counts. Whom the image does
  /// not know is root, and a group that it does not know changes nothing, as in BuildKit.
  /// - Parameter warn: gets the names that the image does not know: `user "app"`.
  func owner(_ text: String, warn: (String) -> Void) -> FileOwner {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var owner = FileOwner(uid: 0, gid: 0)
    if let number = Self.number(parts[0]) {
      owner = FileOwner(uid: number, gid: number)
    } else if let user = users.first(where: { $0.name == parts[0] }) {
      owner = FileOwner(uid: user.uid, gid: user.gid)
    } else if !parts[0].isEmpty {
      warn("user \"\(parts[0])\"")
    }
    guard parts.count == 2 else { return owner }
    // An empty group is root, as in BuildKit, not the user's own group, as in chown(1).
    if parts[1].isEmpty {
      owner.gid = 0
    } else if let gid = Self.number(parts[1]) ?? groups.first(where: { $0.name == parts[1] })?.gid {
      owner.gid = gid
    } else {
      warn("group \"\(parts[1])\"")
    }
    return owner
  }

  /// BuildKit reads numbers of 31 bits; larger ones are names to it.
  private static func number(_ text: String) -> UInt32? {
    Int32(text).flatMap { UInt32(exactly: $0) }
  }

  /// A user by name or number; a number that is not listed is a user without a group of its own.
  /// - Throws: `BuilderError` with the code `unknown-user`.
  func user(_ text: String) throws -> User {
    if let user = users.first(where: { $0.name == text }) { return user }
    if let uid = UInt32(text) {
      return users.first { $0.uid == uid } ?? User(name: text, uid: uid, gid: 0, home: "/")
    }
    throw BuilderError(
      "unknown-user", "the image has no user \"\(text)\"",
      help: [
        Suggestion.nearest(to: text, in: users.map(\.name)).map { "did you mean \($0)?" }
          ?? (users.isEmpty
            ? "there is no /etc/passwd, or COPY --link does not look at it: use a number"
            : "use a number, or make the user in a RUN before")
      ])
  }

  /// - Throws: `BuilderError` with the code `unknown-group`.
  func gid(_ text: String) throws -> UInt32 {
    if let group = groups.first(where: { $0.name == text }) { return group.gid }
    if let gid = UInt32(text) { return gid }
    throw BuilderError(
      "unknown-group", "the image has no group \"\(text)\"",
      help: [
        Suggestion.nearest(to: text, in: groups.map(\.name)).map { "did you mean \($0)?" }
          ?? "use a number, or make the group in a RUN before"
      ])
  }

  /// The groups that list the user as a member.
  func supplementaryGroups(of name: String) -> [UInt32] {
    groups.filter { $0.members.contains(name) }.map(\.gid)
  }
}
