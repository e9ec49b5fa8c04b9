/// Keys, and whose they are.
struct Identities: Sendable {
  struct Key: Sendable {
    var secret: String
    /// Of temporary credentials.
    var token: String?
    var arn: String
    var account: String
    var isExpired = false
  }

  static let firstKey = "AKIASIMULATED0000001"
  static let firstSecret = "simulated/secret+of0the1first2user345678"
  static let expired = Refusal(
    "ExpiredTokenException", "The security token included in the request is expired", status: 400)

  static func firstUser(_ account: String) -> String { "arn:aws:iam::\(account):user/deployer" }

  var keys: [String: Key]
  private let account: String

  init(account: String) {
    self.account = account
    keys = [Self.firstKey: Key(secret: Self.firstSecret, arn: Self.firstUser(account), account: account)]
  }

  /// Makes temporary credentials.
  /// - Returns: the key's id.
  mutating func add(arn: String, account: String, _ numbers: inout Numbers) -> String {
    let id = "ASIA" + numbers.hex().prefix(16).uppercased()
    keys[id] = Key(
      secret: numbers.hex() + numbers.hex().prefix(8), token: "token-" + numbers.hex(), arn: arn, account: account)
    return id
  }
}
