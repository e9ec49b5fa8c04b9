import AWS
import Buildspec
import Diagnostics
import Foundation

/// A reference of `secrets-manager`: `ID[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]`, where the ID may be an ARN, which has
/// colons itself (CodeBuild, "Buildspec syntax").
struct SecretReference: Sendable, Hashable {
  var id: String
  /// Of a secret that is a JSON object; nil is all of it.
  var key: String?
  var stage: String?
  var version: String?

  init(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let length = text.hasPrefix("arn:") ? 7 : 1
    id = parts.prefix(length).joined(separator: ":")
    let rest = parts.dropFirst(length).map { $0.isEmpty ? nil : $0 }
    key = rest.first ?? nil
    stage = rest.dropFirst().first ?? nil
    version = rest.dropFirst(2).first ?? nil
  }

  /// The region of an ARN; nil is that of the build.
  var region: String? {
    let parts = id.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count > 3 && !parts[3].isEmpty ? String(parts[3]) : nil
  }

  /// What a secret's text has for the key.
  func value(in text: String) -> String? {
    guard let key else { return text }
    guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else { return nil }
    switch object[key] {
    case let text as String: return text
    case let number as NSNumber:
      return JSONBoolean.text(number) ?? number.stringValue
    case let other? where JSONSerialization.isValidJSONObject(other):
      return (try? JSONSerialization.data(withJSONObject: other)).map { String(decoding: $0, as: UTF8.self) }
    default: return nil
    }
  }
}

/// Booleans of JSON come as numbers.
private enum JSONBoolean {
  static func text(_ number: NSNumber) -> String? {
    guard String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B" else { return nil }
    return number.boolValue ? "true" : "false"
  }
}

extension PipelineRun {
  /// Values of `parameter-store` and `secrets-manager`, which no line of the log will show.
  /// - Parameter known: for references that have variables.
  /// - Throws: `SlipwayError` that names the place of what is missing; `CancellationError`.
  func secrets(_ known: [String: String]) async throws -> [String: String] {
    let section = spec.environment
    guard !section.parameters.isEmpty || !section.secrets.isEmpty else { return [:] }
    let client = try bench.ecrCredentials().client()
    var values = try await parameters(client, known)
    for variable in section.secrets {
      values[variable.name.value] = try await secret(variable, client, known)
    }
    for value in values.values where !value.isEmpty { log.addSecret(value) }
    return values
  }

  private func parameters(_ client: AWSClient, _ known: [String: String]) async throws -> [String: String] {
    let wanted = spec.environment.parameters.map { ($0, Self.expanded($0.value.value, known)) }
    var values: [String: String] = [:]
    for start in stride(from: 0, to: wanted.count, by: GetParameters.limit) {
      let some = wanted[start..<min(start + GetParameters.limit, wanted.count)]
      let output: GetParameters.Output
      do { output = try await client.send(GetParameters(names: Set(some.map(\.1)).sorted())) } catch let error
        as AWSError
      {
        throw SlipwayError(error, at: some.first.map { spec.annotation($0.0.value.range) })
      }
      for (variable, name) in some {
        guard let found = output.parameters?.first(where: { $0.answers(name) }) else {
          throw missing("the parameter \(name) does not exist", variable, "aws ssm get-parameter --name \(name)")
        }
        values[variable.name.value] = found.value
      }
    }
    return values
  }

  private func secret(
    _ variable: EnvironmentSection.Variable, _ client: AWSClient, _ known: [String: String]
  ) async throws -> String {
    let reference = SecretReference(Self.expanded(variable.value.value, known))
    let call = GetSecretValue(
      secretID: reference.id, versionStage: reference.stage, versionID: reference.version)
    let text: String?
    do { text = try await client.send(call, region: reference.region).secretString } catch let error as AWSError {
      guard error.serviceCode == "ResourceNotFoundException" else {
        throw SlipwayError(error, at: spec.annotation(variable.value.range))
      }
      throw missing(
        "the secret \(reference.id) does not exist", variable,
        "aws secretsmanager describe-secret --secret-id \(reference.id)")
    }
    guard let text, let value = reference.value(in: text) else {
      throw missing(
        "the secret \(reference.id) has no key \(reference.key ?? "")", variable,
        "aws secretsmanager get-secret-value --secret-id \(reference.id)")
    }
    return value
  }

  private func missing(
    _ message: String, _ variable: EnvironmentSection.Variable, _ command: String
  ) -> SlipwayError {
    SlipwayError(
      [
        .error(
          "build-secret-missing", message, at: spec.annotation(variable.value.range),
          help: ["check its name, its account and its region: \(command)"])
      ], exitCode: .failure)
  }

  /// With the values of `$NAME` and `${NAME}`; those that are not known stay.
  static func expanded(_ text: String, _ known: [String: String]) -> String {
    text.replacing(/\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/) { match in
      known[String(match.1 ?? match.2 ?? "")] ?? String(match.0)
    }
  }
}
