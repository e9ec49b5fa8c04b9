import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOHTTP1

/// The role of an EC2 instance, and its region, by version 2 of the metadata service: first a token by PUT, which has a
/// hop limit, then everything with the token.
struct InstanceCredentials: CredentialSource {
  let endpoint: MetadataEndpoint
  let settings: AWSSettings
  let name = "the EC2 instance"

  init(http: HTTPClient, settings: AWSSettings) {
    func number(_ variable: String, _ key: String) -> Int? {
      settings.value(variable, key).flatMap { Int($0) }.flatMap { (1...60).contains($0) ? $0 : nil }
    }
    endpoint = MetadataEndpoint(
      http: http,
      timeout: .seconds(number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout") ?? 1),
      attempts: number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts") ?? 1)
    self.settings = settings
  }

  func find() async throws -> CredentialFinding {
    switch try await role() {
    case .failure(let reason): return .absent(reason.text)
    case .success(let (role, document)):
      guard let found = document.credentials(origin: "the role \(role) of the EC2 instance") else {
        let said = [document.code, document.message].compactMap { $0 }.joined(separator: ": ")
        return .absent("its role \(role) gives no credentials\(said.isEmpty ? "" : ": \(said)")")
      }
      return .found(found)
    }
  }

  /// Nil where there is no such service.
  func region() async throws -> String? {
    guard let text = try? await text("placement/region").get(), !text.isEmpty else { return nil }
    return text
  }

  private struct Reason: Error { var text: String }

  private func role() async throws -> Result<(String, CredentialDocument), Reason> {
    do {
      let base = "iam/security-credentials/"
      let names = try await text(base).get()
      guard let role = names.split(whereSeparator: \.isNewline).first.map(String.init) else {
        return .failure(Reason(text: "it has no role"))
      }
      guard let document = CredentialDocument(Array(try await text(base + PercentEncoding.encode(role)).get().utf8))
      else { return .failure(Reason(text: "its role \(role) gives no credentials")) }
      return .success((role, document))
    } catch let reason as Reason { return .failure(reason) }
  }

  /// What the service says below `latest/meta-data/`.
  private func text(_ path: String) async throws -> Result<String, Reason> {
    if settings.environment.nonEmpty("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
      return .failure(Reason(text: "AWS_EC2_METADATA_DISABLED is true"))
    }
    guard let base = URL(string: address), base.host() != nil,
      let tokenURL = URL(string: "\(address)/latest/api/token"),
      let url = URL(string: "\(address)/latest/meta-data/\(path)")
    else { return .failure(Reason(text: "\(address) is not an address of the web")) }
    do {
      let (status, token) = try await endpoint.ask(.PUT, tokenURL, ["X-aws-ec2-metadata-token-ttl-seconds": "21600"])
      guard status == 200 else { return .failure(Reason(text: "\(address) gives no token: status \(status)")) }
      let value = String(decoding: token, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        return .failure(Reason(text: "\(address) is not the metadata service of EC2"))
      }
      let (found, body) = try await endpoint.ask(.GET, url, ["X-aws-ec2-metadata-token": value])
      if found == 404 { return .failure(Reason(text: "it has no role")) }
      guard found == 200 else { return .failure(Reason(text: "\(address) answers with status \(found)")) }
      return .success(String(decoding: body, as: UTF8.self))
    } catch let error as HTTPError {
      let hint = error.code == .timedOut ? " (in a container on EC2, the hop limit has to be 2)" : ""
      return .failure(Reason(text: "\(address) does not answer: \(error.message)\(hint)"))
    }
  }

  private var address: String {
    if let own = settings.value("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint") {
      return own.hasSuffix("/") ? String(own.dropLast()) : own
    }
    let mode = settings.value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")
    return mode?.lowercased() == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
  }
}
