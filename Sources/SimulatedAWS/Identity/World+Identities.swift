import Foundation
import JSON

/// AWS STS.
extension World {
  static let identityOperations: [Operation] = [
    Operation("sts", "GetCallerIdentity") { world, call in
      ["UserId": "AIDASIMULATED00000001", "Account": .string(call.account), "Arn": .string(call.caller)]
    },
    Operation("sts", "AssumeRole") { world, call in try world.assumeRole(call) },
    Operation("sts", "AssumeRoleWithWebIdentity") { world, call in try world.assumeRole(call) },
  ]

  func key(_ id: String) -> Identities.Key? { identities.keys[id] }

  func expire(_ id: String) { identities.keys[id]?.isExpired = true }

  private func assumeRole(_ call: Call) throws -> JSONValue {
    let role = try call.required("RoleArn")
    let session = try call.required("RoleSessionName")
    let parts = role.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, parts[5].hasPrefix("role/") else {
      throw Refusal.validation("\(role) is invalid")
    }
    let name = parts[5].split(separator: "/").last ?? ""
    let arn = "arn:\(parts[1]):sts::\(parts[4]):assumed-role/\(name)/\(session)"
    let id = identities.add(arn: arn, account: parts[4], &numbers)
    guard let key = identities.keys[id] else { throw Refusal.validation("no key") }
    let seconds = Double(call.int("DurationSeconds") ?? 3600)
    return [
      "Credentials": [
        "AccessKeyId": .string(id), "SecretAccessKey": .string(key.secret), "SessionToken": .string(key.token ?? ""),
        "Expiration": Self.timeText(Date.now.timeIntervalSince1970 + seconds),
      ],
      "AssumedRoleUser": ["AssumedRoleId": .string("AROASIMULATED0000001:\(session)"), "Arn": .string(arn)],
    ]
  }

  /// New credentials of the first user's role, as containers get them from their agent.
  func renewedCredentials() -> JSONValue {
    let arn = "arn:\(partition):sts::\(scene.account):assumed-role/deployer/container"
    let id = identities.add(arn: arn, account: scene.account, &numbers)
    return [
      "AccessKeyId": .string(id), "SecretAccessKey": .string(identities.keys[id]?.secret ?? ""),
      "Token": .string(identities.keys[id]?.token ?? ""),
      "Expiration": Self.timeText(Date.now.timeIntervalSince1970 + 3600),
    ]
  }
}
