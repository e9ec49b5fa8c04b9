import Foundation
import HTTP
import OCI
import Registry
import SystemPackage

/// `slipway registry explain`: where an image would be pulled from and pushed to, and which file decided it.
public struct ExplainRegistry: Sendable {
  /// The answer; nothing in it is secret.
  public struct Explanation: Sendable, Encodable {
    public struct Place: Sendable, Hashable, Encodable {
      var name: String
      var isMirror: Bool
      var isInsecure: Bool
      /// The user, and the file or helper that names it.
      var credentials: String?
      /// A folder of `certs.d`.
      var certificates: String?
      var proxy: String?
    }

    var name: String
    var alias: String?
    /// The prefix that decided, and the file that has it.
    var rule: String?
    /// Why it must not be used.
    var blocked: String?
    var pull: [Place] = []
    var push: Place?
    var filesRead: [String]
    var credentialsSoughtIn: [String]
  }

  let bench: Workbench
  let reference: ImageReference

  /// - Throws: `OCIError` for what is not a name.
  public init(_ name: String, _ bench: Workbench) throws {
    self.bench = bench
    reference = try ImageReference(parsing: name)
  }

  /// Reads files and asks credential helpers, but no registry.
  /// - Throws: `RegistryError` when a file cannot be used.
  public func explain() async throws -> Explanation {
    let configuration = try RegistriesConfiguration(bench.environment)
    let credentials = configuration.relocating(bench.credentials(bench.ecrCredentials()))
    let (full, alias) = try configuration.expanded(reference)
    let rule = configuration.rule(for: full)
    var answer = Explanation(
      name: full.withDefaultTag.description, alias: alias.map { "\($0.name), in \($0.origin)" },
      rule: rule.map { "\($0.prefix), in \($0.origin)" }, filesRead: configuration.files,
      credentialsSoughtIn: credentials.places)
    if let rule, rule.isBlocked {
      answer.blocked = rule.origin
      return answer
    }
    for place in try configuration.places(for: reference) {
      answer.pull.append(try await explain(place, credentials))
    }
    answer.push = try await explain(configuration.destination(for: reference), credentials)
    return answer
  }

  private func explain(_ place: PullPlace, _ credentials: any CredentialProvider) async throws -> Explanation.Place {
    let found = try await credentials.credential(registry: place.registry, repository: place.repository)
    return Explanation.Place(
      name: "\(place.registry)/\(place.repository)", isMirror: place.isMirror, isInsecure: place.isInsecure,
      credentials: found.map { "\($0.credential), from \($0.origin)" },
      certificates: try CertificateFolders(bench.environment).folder(of: place.registry)?.string,
      proxy: try proxy(for: place.registry))
  }

  private func proxy(for registry: String) throws -> String? {
    guard let url = URL(string: "https://\(registry)") else { return nil }
    return try ProxySettings(bench.environment).proxy(for: url).map { "http://\($0.host):\($0.port)" }
  }
}

extension ExplainRegistry.Explanation {
  /// - Throws: `EncodingError`.
  public func rendered(as format: StoreReportFormat) throws -> String {
    switch format {
    case .json: String(decoding: try JSONDocument.encode(self, pretty: true), as: UTF8.self) + "\n"
    case .text: text
    }
  }

  private var text: String {
    var lines = [name]
    if let alias { lines.append("  alias   \(alias)") }
    if let rule { lines.append("  rule    \(rule)") }
    if let blocked { lines.append("  blocked by \(blocked)") }
    for (index, place) in pull.enumerated() { lines += Self.lines(index == 0 ? "pull" : "then", place) }
    if let push, pull != [push] { lines += Self.lines("push", push) }
    if filesRead.isEmpty { lines.append("  no registries.conf was found") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines(_ verb: String, _ place: Place) -> [String] {
    let kinds = [place.isMirror ? "mirror" : nil, place.isInsecure ? "insecure" : nil].compactMap { $0 }
    var lines = ["  \(verb)    \(place.name)\(kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))")"]
    lines.append("          credentials   \(place.credentials ?? "none")")
    if let certificates = place.certificates { lines.append("          certificates  \(certificates)") }
    if let proxy = place.proxy { lines.append("          proxy         \(proxy)") }
    return lines
  }
}
