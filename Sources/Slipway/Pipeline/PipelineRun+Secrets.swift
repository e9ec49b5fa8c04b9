import AWS
import Buildspec
import Diagnostics
import Foundation
import HostOS

extension PipelineRun {
  /// Values of `env/parameter-store` and `env/secrets-manager`; of equal names, the secret counts. From now on they are
  /// masked.
  /// - Parameter known: what references may name.
  /// - Throws: `SlipwayError` with the place of what is missing or malformed; `AWSError`.
  func secrets(_ known: [String: String]) async throws -> [String: String] {
    let environment = spec.environment
    guard !environment.parameters.isEmpty || !environment.secrets.isEmpty else { return [:] }
    let client = try bench.ecrCredentials().client()
    var values = try await parameters(client, known)
    for secret in environment.secrets {
      values[secret.name.value] = try await located(secret) { try await value(of: $0, client, known) }
    }
    for value in values.values { log.addSecret(value) }
    return values
  }

  private func parameters(_ client: AWSClient, _ known: [String: String]) async throws -> [String: String] {
    let wanted = spec.environment.parameters.map { (variable: $0, name: expanded($0.value, known)) }
    var found: [String: String] = [:]
    var names = Array(Set(wanted.map(\.name))).sorted()
    while !names.isEmpty {
      let part = Array(names.prefix(GetParameters.limit))
      names.removeFirst(part.count)
      let output: GetParameters.Output
      do { output = try await client.send(GetParameters(names: part)) } catch let error as AWSError {
        throw SlipwayError(error, at: wanted.first.map { spec.annotation($0.variable.value.range) })
      }
      for parameter in output.parameters {
        found[parameter.name] = parameter.value
        if let arn = parameter.arn { found[arn] = parameter.value }
      }
    }
    let missing = wanted.filter { found[$0.name] == nil }
    guard missing.isEmpty else {
      throw SlipwayError(
        missing.map { item in
          .error(
            "parameter-missing", "Parameter does not exist: \(item.name)",
            at: spec.annotation(item.variable.value.range),
            help: [
              "make it: aws ssm put-parameter --name \(item.name) …, or correct the name, the region or the account"
            ])
        }, exitCode: .failure)
    }
    return Dictionary(wanted.map { ($0.variable.name.value, found[$0.name] ?? "") }) { $1 }
  }

  private func located(
    _ secret: EnvironmentSection.Variable, _ body: (EnvironmentSection.Variable) async throws -> String
  ) async throws -> String {
    do { return try await body(secret) } catch let error as AWSError {
      throw SlipwayError(error, at: spec.annotation(secret.value.range))
    }
  }

  private func value(
    of secret: EnvironmentSection.Variable, _ client: AWSClient, _ known: [String: String]
  ) async throws -> String {
    let place = spec.annotation(secret.value.range)
    let reference: SecretReference
    do { reference = try SecretReference(parsing: expanded(secret.value, known)) } catch {
      throw SlipwayError([.error(.buildspecValue, error.reason, at: place, help: [error.help])], exitCode: .usage)
    }
    let output = try await client.send(
      GetSecretValue(secretID: reference.id, versionID: reference.versionID, versionStage: reference.versionStage),
      region: region(of: reference.id))
    let bytes = output.secretBinary.flatMap { Data(base64Encoded: $0) }
    guard let text = output.secretString ?? bytes.flatMap({ String(data: $0, encoding: .utf8) }) else {
      throw missing("the secret \(reference.id) is no text", place, "store it as a text")
    }
    log.addSecret(text)
    guard let key = reference.jsonKey else { return text }
    guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
      throw missing(
        "the secret \(reference.id) is no JSON object, and its key \(key) is wanted", place, "leave the key away")
    }
    guard let value = object[key] else {
      let near = Suggestion.nearest(to: key, in: object.keys.sorted())
      throw missing(
        "the secret \(reference.id) has no key \(key)", place,
        near.map { "did you mean \($0)?" } ?? "add the key to the secret")
    }
    if let text = value as? String { return text }
    let data = try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
    return String(decoding: data, as: UTF8.self)
  }

  private func missing(_ message: String, _ place: SourceAnnotation, _ help: String) -> SlipwayError {
    SlipwayError([.error("secret-missing", message, at: place, help: [help])], exitCode: .failure)
  }

  /// An ARN says where it is.
  private func region(of id: String) -> String? {
    let parts = id.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count > 3 && parts[0] == "arn" && !parts[3].isEmpty ? String(parts[3]) : nil
  }

  /// With `$NAME` and `${NAME}` of what is known before the first command.
  private func expanded(_ text: WrittenText, _ known: [String: String]) -> String {
    guard text.value.contains("$") else { return text.value }
    let value = text.value.replacing(#/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/#) { match in
      known[String(match.1 ?? match.2 ?? "")] ?? ""
    }
    bench.progress.report(
      .warning(
        "reference-expanded", "\(text.value) stands for \(value) here; CodeBuild does not promise that",
        at: spec.annotation(text.range), help: ["write the name out"]))
    return value
  }
}
