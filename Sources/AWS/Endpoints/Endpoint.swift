import Diagnostics
import Foundation

/// Where a service answers.
struct Endpoint: Sendable, Hashable {
  /// May have a path.
  var url: URL
  /// As signatures name it.
  var region: String

  /// - Throws: `AWSError` with the code `aws-settings`.
  init(_ service: AWSService, region: String, fips: Bool, dualStack: Bool, settings: AWSSettings) throws {
    self.region = region
    let text: String
    if let own = settings.endpointURL(for: service) {
      text = own
    } else {
      text = "https://\(Self.host(service, region, Partition(region: region), fips: fips, dualStack: dualStack))"
    }
    // What is no part of a host name would send the request, signed, to somewhere else.
    guard !region.isEmpty, region.utf8.allSatisfy({ Self.isHostCharacter($0) }) else {
      throw AWSError(
        .awsSettings, "\"\(region)\" is not the name of a region",
        help: ["write it as in AWS's console, such as eu-central-1"], exitCode: .usage)
    }
    guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host() != nil else {
      throw AWSError(
        .awsSettings, "the endpoint \"\(text)\" of \(service.id) is not an address of the web",
        help: ["correct AWS_ENDPOINT_URL or endpoint_url: https://HOST[:PORT]"], exitCode: .usage)
    }
    self.url = url
  }

  private static func isHostCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
  }

  /// The address with a path and a query behind it.
  func url(path: String, query: String) -> URL {
    guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return url }
    let base = parts.percentEncodedPath
    parts.percentEncodedPath = (base.hasSuffix("/") ? String(base.dropLast()) : base) + path
    parts.percentEncodedQuery = query.isEmpty ? nil : query
    return parts.url ?? url
  }

  /// The rules of the services' models ("endpoint rule sets"), as far as they differ for what we use.
  static func host(
    _ service: AWSService, _ region: String, _ partition: Partition, fips: Bool, dualStack: Bool
  ) -> String {
    if service == .s3 {
      return "s3\(fips ? "-fips" : "")\(dualStack ? ".dualstack" : "").\(region).\(partition.suffix)"
    }
    var hasDualStackName = dualStack
    if service == .secretsManager, ["aws", "aws-us-gov", fips ? "aws" : "aws-cn"].contains(partition.id) {
      hasDualStackName = false
    }
    var prefix = service.prefix
    if dualStack {
      if let other = service.dualStackPrefix { prefix = other }
      if service == .ecrPublic, partition == .aws, !fips { prefix = "ecr-public" }
    }
    let isMarked =
      switch service.govFIPS {
      case .marked: true
      case .unmarkedUnlessDualStack: partition.id != "aws-us-gov" || dualStack
      case .unmarked: partition.id != "aws-us-gov"
      }
    let suffix = hasDualStackName ? partition.dualStackSuffix : partition.suffix
    return "\(prefix)\(fips && isMarked ? "-fips" : "").\(region).\(suffix)"
  }
}
