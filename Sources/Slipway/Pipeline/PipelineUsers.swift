import Buildspec
import Diagnostics
import HostOS

/// Whom the commands of a file run as.
struct PipelineUsers: Sendable {
  /// Those that are others than whoever runs this.
  var identities: [String: UserIdentity] = [:]
  var warnings: [Diagnostic] = []

  /// - Throws: `SlipwayError` for users that are not there, and for those that only root can become.
  init(_ spec: Buildspec) throws {
    let isRoot = UserIdentity.currentID == 0
    let named = [spec.runAs].compactMap { $0 } + spec.phases.compactMap(\.runAs)
    var mistakes: [Diagnostic] = []
    for user in named {
      let place = spec.annotation(user.range)
      guard let identity = UserIdentity(named: user.value) else {
        mistakes.append(
          .error(
            .buildspecUser, "this machine has no user \(user.value)", at: place,
            help: ["make one: useradd \(user.value), or leave run-as away"]))
        continue
      }
      if identity.uid == UserIdentity.currentID { continue }
      if isRoot {
        identities[user.value] = identity
      } else if identity.uid == 0 {
        warnings.append(
          .warning(
            .buildspecUser, "commands run as you and not as root", at: place,
            help: ["run slipway as root if they need it; building images does not"]))
      } else {
        mistakes.append(
          .error(
            .buildspecUser, "only root can run commands as \(user.value)", at: place,
            help: ["run slipway as root or as \(user.value), or leave run-as away"]))
      }
    }
    if !mistakes.isEmpty { throw SlipwayError(mistakes, exitCode: .usage) }
  }
}
