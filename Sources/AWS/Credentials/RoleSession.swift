import Diagnostics
import HTTP
import HostOS
import SystemPackage

/// Takes roles, with credentials or with the token of an identity provider.
struct RoleSession: Sendable {
  let client: ServiceClient

  var settings: AWSSettings { client.settings }

  /// - Throws: `AWSError`.
  func assume(_ profile: Profile, with source: AWSCredentials) async throws -> AWSCredentials {
    guard let role = profile["role_arn"] else { return source }
    if let device = profile["mfa_serial"] {
      throw AWSError(
        .awsCredentialsInvalid,
        "the profile \(profile.name) wants a code of the device \(device), which cannot be asked for here",
        help: [
          "get credentials with: aws configure export-credentials --profile \(profile.name) --format env",
          "or remove mfa_serial if the role does not need it",
        ], exitCode: .authentication)
    }
    let call = AssumeRole(
      roleARN: role, sessionName: sessionName(profile), externalID: profile["external_id"],
      duration: try Self.duration(profile))
    let given = try await client.send(call, region: region(of: role, profile), signer: .fixed(source))
    return given.credentials(origin: "the role \(role) of the profile \(profile.name)")
  }

  /// - Throws: `AWSError`.
  func exchange(tokenFile: String, role: String, _ profile: Profile?, origin: String) async throws -> AWSCredentials {
    let token: String
    do { token = String(decoding: try Files.read(FilePath(tokenFile), limit: 1 << 20), as: UTF8.self) } catch let error
      as HostError
    {
      throw AWSError(
        .awsCredentialsInvalid, "cannot read the web identity token in \(tokenFile)",
        notes: [error.errno.description.lowercased(), "it is named by \(origin)"],
        help: ["check that the CI job or the pod gets a token, and the path"], exitCode: .authentication)
    }
    let call = AssumeRoleWithWebIdentity(
      roleARN: role, sessionName: sessionName(profile), token: token.filter { !$0.isWhitespace },
      duration: try profile.flatMap(Self.duration))
    let given = try await client.send(call, region: region(of: role, profile), signer: nil)
    return given.credentials(origin: "the role \(role) of \(origin)")
  }

  private func sessionName(_ profile: Profile?) -> String {
    profile?["role_session_name"] ?? settings.environment.nonEmpty("AWS_ROLE_SESSION_NAME")
      ?? "slipway-\(Int64(client.http.clock.now()))"
  }

  /// Where nothing says a region, STS is asked where the role's partition has its global services.
  private func region(of role: String, _ profile: Profile?) -> String {
    settings.environment.nonEmpty("AWS_REGION") ?? profile?["region"] ?? settings.region
      ?? Partition(arn: role).globalRegion
  }

  private static func duration(_ profile: Profile) throws -> Int? {
    guard let text = profile["duration_seconds"] else { return nil }
    guard let seconds = Int(text), (900...43_200).contains(seconds) else {
      throw AWSError(
        .awsSettings, "duration_seconds of the profile \(profile.name) is \"\(text)\"",
        help: ["write a number of seconds from 900 to 43200"], exitCode: .usage)
    }
    return seconds
  }
}

/// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, as in pods of EKS, and jobs of GitHub and GitLab.
struct WebIdentityCredentials: CredentialSource {
  let roles: RoleSession
  let name = "web identity"

  func find() async throws -> CredentialFinding {
    let environment = roles.settings.environment
    guard let file = environment.nonEmpty("AWS_WEB_IDENTITY_TOKEN_FILE") else {
      return .absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set")
    }
    guard let role = environment.nonEmpty("AWS_ROLE_ARN") else {
      throw AWSError(
        .awsCredentialsInvalid, "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not",
        help: ["set AWS_ROLE_ARN to the role that the token is for"], exitCode: .authentication)
    }
    return .found(
      try await roles.exchange(
        tokenFile: file, role: role, nil, origin: "the web identity token of AWS_WEB_IDENTITY_TOKEN_FILE"))
  }
}
