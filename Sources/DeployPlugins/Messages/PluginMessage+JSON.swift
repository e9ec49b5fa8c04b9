public import JSON

extension PluginMessage {
  private enum Kind: String { case progress, log, diagnostic, result, error }

  /// Without a line feed. `progress`, `log` and `diagnostic` have their members beside `type`, `result` and `error`
  /// theirs in a member of that name.
  /// - Throws: `EncodingError`.
  public var json: JSONValue {
    get throws {
      switch self {
      case .progress(let progress): try Self.flat(.progress, progress)
      case .log(let log): try Self.flat(.log, log)
      case .diagnostic(let diagnostic): try Self.flat(.diagnostic, diagnostic)
      case .result(let value): ["type": "result", "result": value]
      case .error(let failure): ["type": "error", "error": try JSONValue(encoding: failure)]
      }
    }
  }

  private static func flat(_ kind: Kind, _ value: some Encodable) throws -> JSONValue {
    let members = try JSONValue(encoding: value).object?.members ?? []
    return .members([("type", .string(kind.rawValue))] + members.map { ($0.name, $0.value) })
  }

  /// - Throws: `PluginMessageError`.
  public init(json: JSONValue) throws(PluginMessageError) {
    guard let type = json["type"]?.string else {
      throw PluginMessageError(reason: json.object == nil ? "it is no object" : "it has no type")
    }
    guard let kind = Kind(rawValue: type) else { throw PluginMessageError(reason: "\"\(type)\" is no type of message") }
    do {
      switch kind {
      case .progress: self = .progress(try json.decode(PluginProgress.self))
      case .log: self = .log(try json.decode(PluginLog.self))
      case .diagnostic: self = .diagnostic(try json.decode(PluginDiagnostic.self))
      case .result:
        guard let result = json["result"] else { throw PluginMessageError(reason: "it has no member result") }
        self = .result(result)
      case .error: self = .error(try (json["error"] ?? .null).decode(PluginFailure.self))
      }
    } catch let error as PluginMessageError {
      throw error
    } catch {
      throw PluginMessageError(reason: "its members are not those of \(type)")
    }
  }
}

/// A line that is no message of deploy protocol 1.
public struct PluginMessageError: Error, Sendable, Hashable {
  public var reason: String
}
