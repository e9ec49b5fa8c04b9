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

  init(passwd: String, group: String) {
    users = passwd.split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 6, let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { return nil }
      return User(name: fields[0], uid: uid, gid: gid, home: fields[5])
    }
    groups = group.split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 4, let gid = UInt32(fields[2]) else { return nil }
      return Group(name: fields[0], gid: gid, members: fields[3].split(separator: ",").map(String.init))
    }
  }

  /// The owner that `--chown=USER[:GROUP]` means: without a group, the user's number stands for the group's too when
  /// it is a number, else the user's own group counts.
  /// - Throws: `BuilderError` with the codes `unknown-user` and `unknown-group`.
  func owner(_ text: String) throws -> FileOwner {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var owner = FileOwner(uid: 0, gid: 0)
    if !parts[0].isEmpty {
      let user = try user(parts[0])
      owner = FileOwner(uid: user.uid, gid: UInt32(parts[0]) == nil ? user.gid : user.uid)
    }
    // An empty group is root, as in BuildKit, not the user's own group, as in chown(1).
    if parts.count == 2 { owner.gid = parts[1].isEmpty ? 0 : try gid(parts[1]) }
    return owner
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
