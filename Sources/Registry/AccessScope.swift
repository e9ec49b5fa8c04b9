/// What may be done with a repository, as token servers write it: `repository:NAME:pull,push` (distribution's token
/// scope documentation).
struct AccessScope: Sendable, Hashable {
  enum Access: String, Sendable, Hashable {
    case pull
    case push = "pull,push"
  }

  var repository: String
  var access: Access
}

extension AccessScope: CustomStringConvertible {
  var description: String { "repository:\(repository):\(access.rawValue)" }
}
