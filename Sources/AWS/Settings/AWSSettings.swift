import Diagnostics
public import HostOS
import SystemPackage

/// Where AWS is and who we are there, as the environment and the files of the AWS CLI say it (AWS SDKs and Tools
/// Reference Guide).
public struct AWSSettings: Sendable {
  let environment: Environment
  let configPath: FilePath?
  let credentialsPath: FilePath?
  private let config: SettingsFile
  private let credentials: SettingsFile

  /// Reads the files, which need not be there.
  /// - Throws: `AWSError` with the code `aws-settings`.
  public init(_ environment: Environment) throws {
    self.environment = environment
    configPath = Self.path(environment, "AWS_CONFIG_FILE", "config")
    credentialsPath = Self.path(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials")
    config = try configPath.map { try SettingsFile(reading: $0) } ?? SettingsFile()
    credentials = try credentialsPath.map { try SettingsFile(reading: $0) } ?? SettingsFile()
  }

  private static func path(_ environment: Environment, _ variable: String, _ name: String) -> FilePath? {
    guard let text = environment.nonEmpty(variable) else {
      return environment.nonEmpty("HOME").map { FilePath($0).appending(".aws").appending(name) }
    }
    guard text.hasPrefix("~/"), let home = environment.nonEmpty("HOME") else { return FilePath(text) }
    return FilePath(home).pushing(FilePath(String(text.dropFirst(2))))
  }

  // MARK: Sections

  /// The profile that somebody chose; nil stands for `default`.
  var chosenProfile: String? { environment.nonEmpty("AWS_PROFILE") ?? environment.nonEmpty("AWS_DEFAULT_PROFILE") }
  var profileName: String { chosenProfile ?? "default" }
  /// The profile that counts; nil when there is none of its name.
  var profile: Profile? { profile(profileName) }

  func profile(_ name: String) -> Profile? {
    let own = config.sections["profile \(name)"] ?? (name == "default" ? config.sections["default"] : nil)
    let secrets = credentials.sections[name]
    guard own != nil || secrets != nil else { return nil }
    return Profile(name: name, config: own ?? .init(), credentials: secrets ?? .init())
  }

  var profileNames: [String] {
    let named = config.sections.keys.filter { $0.hasPrefix("profile ") }.map { String($0.dropFirst(8)) }
    let secrets = Array(credentials.sections.keys)
    return Set(named + secrets + (config.sections["default"] == nil ? [] : ["default"])).sorted()
  }

  func ssoSession(_ name: String) -> SettingsFile.Section? { config.sections["sso-session \(name)"] }

  // MARK: Settings

  /// A setting that a variable has, else the profile.
  func value(_ variable: String, _ key: String) -> String? { environment.nonEmpty(variable) ?? profile?[key] }

  func flag(_ variable: String, _ key: String) -> Bool { value(variable, key)?.lowercased() == "true" }

  /// Without the metadata service of EC2.
  var region: String? { environment.nonEmpty("AWS_REGION") ?? value("AWS_DEFAULT_REGION", "region") }

  var usesFIPS: Bool { flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint") }
  var usesDualStack: Bool { flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint") }

  /// An address of ours for a service: `AWS_ENDPOINT_URL_SERVICE`, `AWS_ENDPOINT_URL`, the section of services that the
  /// profile names, the profile itself ("Service-specific endpoints").
  func endpointURL(for service: AWSService) -> String? {
    guard !flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") else { return nil }
    let name = service.id.replacing(" ", with: "_")
    let section = profile?["services"].flatMap { config.sections["services \($0)"] }
    return environment.nonEmpty("AWS_ENDPOINT_URL_\(name.uppercased())") ?? environment.nonEmpty("AWS_ENDPOINT_URL")
      ?? section?.nested[name.lowercased()]?["endpoint_url"] ?? profile?["endpoint_url"]
  }
}
