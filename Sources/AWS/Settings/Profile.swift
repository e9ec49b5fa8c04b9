/// One profile: what both files say of it. The file of credentials counts more.
struct Profile: Sendable, Hashable {
  var name: String
  /// From `~/.aws/config`.
  var config: SettingsFile.Section
  /// From `~/.aws/credentials`.
  var credentials: SettingsFile.Section

  /// Nil for a setting that is not there or empty.
  subscript(key: String) -> String? {
    [credentials.values[key], config.values[key]].compactMap { $0 }.first { !$0.isEmpty }
  }

  /// Whether it names a role that other credentials are exchanged for.
  var assumesRole: Bool { self["role_arn"] != nil && self["web_identity_token_file"] == nil }
}
