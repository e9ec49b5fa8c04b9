import Foundation
import NIOHTTP1

/// Credentials of a role of IAM Identity Center, for a token of somebody who logged in (AWS SSO Portal).
struct GetRoleCredentials: ServiceCall {
  static let service = AWSService.sso
  static let operation = "GetRoleCredentials"

  var accountID: String
  var roleName: String
  var accessToken: String

  struct Output: Sendable, Decodable {
    struct Role: Sendable, Decodable {
      var accessKeyId: String
      var secretAccessKey: String
      var sessionToken: String
      /// Milliseconds since 1970.
      var expiration: Double
    }
    var roleCredentials: Role
  }

  var message: CallMessage {
    CallMessage(
      method: .GET, path: "/federation/credentials",
      query: PercentEncoding.form([("role_name", roleName), ("account_id", accountID)]),
      headers: ["x-amz-sso_bearer_token": accessToken])
  }

  static func output(_ bytes: [UInt8]) throws -> Output { try JSONDecoder().decode(Output.self, from: Data(bytes)) }
}
