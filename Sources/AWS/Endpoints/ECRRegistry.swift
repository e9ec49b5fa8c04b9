import Foundation

/// A registry of Amazon ECR, known by its host name alone.
///
/// Only names below AWS's own domains are taken, from their beginning to their end: whoever runs a host gets to see the
/// password.
public struct ECRRegistry: Sendable, Hashable {
  /// Nil for public.ecr.aws.
  public var account: String?
  /// Where its interface is.
  public var region: String
  var usesFIPS = false
  var usesDualStack = false

  public var isPublic: Bool { account == nil }

  /// By partition; others have none that is known.
  private static let dualStackSuffixes = [
    "aws": "on.aws", "aws-us-gov": "on.aws", "aws-cn": "on.amazonwebservices.com.cn",
    "aws-eusc": "on.amazonwebservices.eu",
  ]
  private static let publicHosts: Set<String> = ["public.ecr.aws", "ecr-public.aws.com"]

  /// Nil for other registries: `ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com`, `ACCOUNT.dkr-ecr[-fips].REGION.on.aws`,
  /// the like of other partitions, and the public ones.
  public init?(host: String) {
    if Self.publicHosts.contains(host) {
      region = Partition.aws.globalRegion
      return
    }
    guard
      let match = host.wholeMatch(
        of: /([0-9]{12})\.dkr(?:(\.)|-)ecr(-fips)?\.([a-z0-9]+(?:-[a-z0-9]+)+)\.([a-z0-9.-]+)/)
    else { return nil }
    let isDotted = match.2 != nil
    let partition = Partition(region: String(match.4))
    guard match.5 == (isDotted ? partition.suffix : Self.dualStackSuffixes[partition.id] ?? "") else { return nil }
    account = String(match.1)
    region = String(match.4)
    usesFIPS = match.3 != nil
    usesDualStack = !isDotted
  }
}
