public import JSON

/// What a plugin says of itself: the result of `describe` (deploy protocol 1).
public struct PluginDescription: Sendable, Hashable, Codable {
  public var name: String
  public var version: String
  /// One sentence.
  public var summary: String
  /// The versions of the deploy protocol that it speaks.
  public var protocols: [Int]
  public var operations: [PluginOperation]
  /// Credentials that the host hands over; nothing else of its environment reaches the plugin.
  public var credentials: [PluginCredential]
  /// A JSON Schema (draft 2020-12) of `with:`.
  public var configSchema: JSONValue
  /// How long it may take to put things in order after SIGTERM, in seconds, before it is killed. Nil is 10.
  public var cancelGraceSeconds: Int?

  public init(
    name: String, version: String, summary: String, operations: [PluginOperation], credentials: [PluginCredential],
    configSchema: JSONValue, cancelGraceSeconds: Int? = nil
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.protocols = [1]
    self.operations = operations
    self.credentials = credentials
    self.configSchema = configSchema
    self.cancelGraceSeconds = cancelGraceSeconds
  }
}

/// What a plugin can be asked to do: its first argument.
public enum PluginOperation: String, Sendable, Hashable, Codable, CaseIterable {
  case describe, plan, apply, status, rollback
}

/// A kind of credential that a plugin may ask for.
public enum PluginCredential: String, Sendable, Hashable, Codable {
  /// The `AWS_*` variables, without which it can do nothing.
  case aws
  /// The `AWS_*` variables, where there are any.
  case awsIfPresent = "aws-if-present"
}
