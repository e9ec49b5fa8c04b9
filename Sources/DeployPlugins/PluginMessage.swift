/// A line of a plugin's standard output (deploy protocol 1): the last one is `result` or `error`.
public enum PluginMessage: Sendable, Hashable {
  case result(JSONValue)
  case error(PluginFailure)
}

/// Why an operation failed, as the plugin tells it.
public struct PluginFailure: Error, Sendable, Hashable, Codable {
  public var code: String
  public var message: String
  /// The next step to take.
  public var hint: String?

  public init(code: String, message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }
}

extension PluginMessage: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, result, error
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(String.self, forKey: .type) {
    case "result": self = .result(try container.decode(JSONValue.self, forKey: .result))
    case "error": self = .error(try container.decode(PluginFailure.self, forKey: .error))
    case let type:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container, debugDescription: "\"\(type)\" is no message")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .result(let value):
      try container.encode("result", forKey: .type)
      try container.encode(value, forKey: .result)
    case .error(let failure):
      try container.encode("error", forKey: .type)
      try container.encode(failure, forKey: .error)
    }
  }
}
