import Crypto
import Diagnostics
import Foundation
import HTTP
import HostOS
import SystemPackage

/// A role of IAM Identity Center, for the token that `aws sso login` left. Tokens are read, never renewed.
struct SSOCredentials: Sendable {
  let client: ServiceClient
  let profile: Profile

  /// - Throws: `AWSError`.
  func credentials() async throws -> AWSCredentials {
    let sessionName = profile["sso_session"]
    var session: SettingsFile.Section?
    if let sessionName {
      session = client.settings.ssoSession(sessionName)
      guard session != nil else {
        throw AWSError(
          .awsSettings, "the profile \(profile.name) names the sso_session \(sessionName), which is not there",
          help: ["add a section [sso-session \(sessionName)], for example with aws configure sso-session"],
          exitCode: .authentication)
      }
    }
    func setting(_ key: String) throws -> String {
      guard let value = session?.values[key] ?? profile[key], !value.isEmpty else {
        throw AWSError(
          .awsSettings, "the profile \(profile.name) uses IAM Identity Center and lacks \(key)",
          help: ["add it, or run: aws configure sso --profile \(profile.name)"], exitCode: .authentication)
      }
      return value
    }
    let startURL = try setting("sso_start_url")
    let region = try setting("sso_region")
    let account = try setting("sso_account_id")
    let role = try setting("sso_role_name")
    let call = GetRoleCredentials(
      accountID: account, roleName: role, accessToken: try token(sessionName ?? startURL))
    let given: GetRoleCredentials.Output.Role
    do {
      given = try await client.send(call, region: region, signer: nil).roleCredentials
    } catch var error as AWSError where error.code == .awsUnauthorized {
      // It may have been taken back before its time.
      error.diagnostic.help = [login]
      throw error
    }
    return AWSCredentials(
      accessKeyID: given.accessKeyId, secretAccessKey: given.secretAccessKey, sessionToken: given.sessionToken,
      expiration: given.expiration / 1000,
      origin: "the role \(role) in account \(account) of the profile \(profile.name)")
  }

  private var login: String { "run: aws sso login --profile \(profile.name)" }

  private struct CachedToken: Decodable {
    var accessToken: String
    var expiresAt: String
  }

  /// The cache has a file for each name of a session, or start URL where there is no session.
  private func token(_ key: String) throws -> String {
    let name = Insecure.SHA1.hash(data: Array(key.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let home = FilePath(client.settings.environment.nonEmpty("HOME") ?? "/")
    let path = home.appending(".aws").appending("sso").appending("cache").appending("\(name).json")
    guard let bytes = try? Files.read(path, limit: 1 << 20),
      let cached = try? JSONDecoder().decode(CachedToken.self, from: Data(bytes)),
      let expires = TimestampText.secondsSince1970(cached.expiresAt)
    else {
      throw AWSError(
        .awsCredentialsInvalid, "the profile \(profile.name) wants a login, and there is none",
        notes: ["looked for \(path)"], help: [login], exitCode: .authentication)
    }
    guard expires > client.http.clock.now() else {
      throw AWSError(
        .awsCredentialsInvalid, "the login of the profile \(profile.name) has expired",
        notes: ["\(path) was good until \(cached.expiresAt)"], help: [login], exitCode: .authentication)
    }
    return cached.accessToken
  }
}
