public import JSON

/// Why an operation failed, as the plugin tells it.
public struct PluginFailure: Error, Sendable, Hashable, Codable {
  /// What kind of failure it is; decides the exit code.
  public enum Category: String, Sendable, Hashable, Codable {
    /// The deployment failed: 1, or 5 where `state` is `rolled-back`.
    case failed
    /// The configuration cannot be right: 2.
    case config
    /// Credentials are missing, not accepted, or do not suffice: 4.
    case authentication
    /// A service cannot be reached or does not answer: 69.
    case unavailable
    /// It was told to stop, and did: 128 and the number of the signal.
    case cancelled
  }

  /// In kebab case.
  public var code: String
  public var message: String
  /// The next step to take.
  public var hint: String?
  /// A JSON Pointer into the configuration.
  public var path: String?
  /// What led to it, one line or a few each, the most important first.
  public var causes: [String]?
  /// Whether the same again may succeed.
  public var retryable: Bool?
  /// Nil is `failed`.
  public var category: Category?
  /// What it leaves behind.
  public var state: DeploymentState?
  /// Values that others go on with.
  public var outputs: JSONValue?

  public init(
    code: String, message: String, hint: String? = nil, path: String? = nil, causes: [String]? = nil,
    retryable: Bool? = nil, category: Category? = nil, state: DeploymentState? = nil, outputs: JSONValue? = nil
  ) {
    self.code = code
    self.message = message
    self.hint = hint
    self.path = path
    self.causes = causes
    self.retryable = retryable
    self.category = category
    self.state = state
    self.outputs = outputs
  }
}
