import Diagnostics
import HostOS
import SystemPackage

/// What a profile says: a role, a token, IAM Identity Center, keys, or a program.
struct ProfileCredentials: CredentialSource {
  let roles: RoleSession
  let container: ContainerCredentials
  let instance: InstanceCredentials

  private var settings: AWSSettings { roles.settings }
  var name: String { "the profile \(settings.profileName)" }

  func find() async throws -> CredentialFinding {
    guard let profile = settings.profile else {
      guard let chosen = settings.chosenProfile else { return .absent("it is not in \(files)") }
      throw Self.missing(chosen, "AWS_PROFILE", settings, files)
    }
    return try await find(profile, visited: [profile.name])
  }

  private var files: String {
    [settings.configPath, settings.credentialsPath].compactMap { $0?.string }.joined(separator: " or ")
  }

  private static func missing(_ name: String, _ place: String, _ settings: AWSSettings, _ files: String) -> AWSError {
    let known = settings.profileNames
    let nearest = Suggestion.nearest(to: name, in: known).map { "did you mean \($0)?" }
    return AWSError(
      .awsSettings, "there is no profile \"\(name)\", which \(place) names",
      notes: ["the files are \(files)"] + (known.isEmpty ? [] : ["profiles: \(known.joined(separator: ", "))"]),
      help: [nearest ?? "correct the name, or make the profile with: aws configure --profile \(name)"],
      exitCode: .authentication)
  }

  // MARK: One profile

  private func find(_ profile: Profile, visited: [String]) async throws -> CredentialFinding {
    if profile.assumesRole {
      // A profile may name itself as the source: then its own keys are meant, behind the role.
      return .found(try await roles.assume(profile, with: source(of: profile, visited)))
    }
    return try await own(profile)
  }

  /// In botocore's order.
  private func own(_ profile: Profile) async throws -> CredentialFinding {
    if let file = profile["web_identity_token_file"] {
      guard let role = profile["role_arn"] else { throw Self.incomplete(profile, "role_arn") }
      return .found(
        try await roles.exchange(tokenFile: file, role: role, profile, origin: "the profile \(profile.name)"))
    }
    if profile["sso_account_id"] != nil || profile["sso_role_name"] != nil {
      return .found(try await SSOCredentials(client: roles.client, profile: profile).credentials())
    }
    if let keys = try keys(profile, profile.credentials) { return .found(keys) }
    if let command = profile["credential_process"] {
      return .found(try await ProcessCredentials(command: command, profile: profile.name, settings).credentials())
    }
    if let keys = try keys(profile, profile.config) { return .found(keys) }
    return .absent("it has neither a role, nor sso_account_id, nor keys, nor credential_process")
  }

  private func keys(_ profile: Profile, _ section: SettingsFile.Section) throws -> AWSCredentials? {
    func value(_ key: String) -> String? { section.values[key].flatMap { $0.isEmpty ? nil : $0 } }
    guard let key = value("aws_access_key_id") else { return nil }
    guard let secret = value("aws_secret_access_key") else { throw Self.incomplete(profile, "aws_secret_access_key") }
    return AWSCredentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: value("aws_session_token"),
      origin: "the profile \(profile.name)")
  }

  private static func incomplete(_ profile: Profile, _ key: String) -> AWSError {
    AWSError(
      .awsSettings, "the profile \(profile.name) lacks \(key)", help: ["add it, or remove what belongs to it"],
      exitCode: .authentication)
  }

  // MARK: Roles

  private func source(of profile: Profile, _ visited: [String]) async throws -> AWSCredentials {
    switch (profile["source_profile"], profile["credential_source"]) {
    case (let name?, nil): return try await source(profile: name, of: profile, visited)
    case (nil, let source?): return try await place(source, of: profile)
    case (nil, nil): throw Self.incomplete(profile, "source_profile or credential_source")
    default:
      throw AWSError(
        .awsSettings, "the profile \(profile.name) has both source_profile and credential_source",
        help: ["remove one of them"], exitCode: .authentication)
    }
  }

  private func source(profile name: String, of profile: Profile, _ visited: [String]) async throws -> AWSCredentials {
    guard let source = settings.profile(name) else {
      throw Self.missing(name, "source_profile of the profile \(profile.name)", settings, files)
    }
    let finding: CredentialFinding
    if name == profile.name {
      finding = try await own(source)
    } else if visited.contains(name) {
      throw AWSError(
        .awsSettings, "the profiles \((visited + [name]).joined(separator: ", ")) name each other as their source",
        help: ["let the last one have keys, or a credential_source"], exitCode: .authentication)
    } else {
      finding = try await find(source, visited: visited + [name])
    }
    return try found(finding, "source_profile \(name)", profile)
  }

  private func place(_ name: String, of profile: Profile) async throws -> AWSCredentials {
    let source: any CredentialSource
    switch name {
    case "Environment": source = EnvironmentCredentials(settings: settings)
    case "Ec2InstanceMetadata": source = instance
    case "EcsContainer": source = container
    default:
      throw AWSError(
        .awsSettings, "credential_source of the profile \(profile.name) is \"\(name)\"",
        help: ["write Environment, Ec2InstanceMetadata or EcsContainer"], exitCode: .authentication)
    }
    return try found(try await source.find(), "credential_source \(name)", profile)
  }

  private func found(_ finding: CredentialFinding, _ source: String, _ profile: Profile) throws -> AWSCredentials {
    switch finding {
    case .found(let credentials): return credentials
    case .absent(let reason):
      throw AWSError(
        .awsCredentialsInvalid, "the \(source) of the profile \(profile.name) has no credentials", notes: [reason],
        help: ["give it credentials, or name another source"], exitCode: .authentication)
    }
  }
}
