/// A part of AWS with names and accounts of its own.
struct Partition: Sendable, Hashable {
  /// As in ARNs, such as `aws-us-gov`.
  var id: String
  /// How the names of its regions begin.
  var regionPrefix: String
  var suffix: String
  var dualStackSuffix: String
  /// Where its services are that are not in any region.
  var globalRegion: String

  static let aws = Partition(
    id: "aws", regionPrefix: "", suffix: "amazonaws.com", dualStackSuffix: "api.aws", globalRegion: "us-east-1")

  static let all = [
    Partition(
      id: "aws-cn", regionPrefix: "cn-", suffix: "amazonaws.com.cn", dualStackSuffix: "api.amazonwebservices.com.cn",
      globalRegion: "cn-northwest-1"),
    Partition(
      id: "aws-us-gov", regionPrefix: "us-gov-", suffix: "amazonaws.com", dualStackSuffix: "api.aws",
      globalRegion: "us-gov-west-1"),
    Partition(
      id: "aws-iso", regionPrefix: "us-iso-", suffix: "c2s.ic.gov", dualStackSuffix: "api.aws.ic.gov",
      globalRegion: "us-iso-east-1"),
    Partition(
      id: "aws-iso-b", regionPrefix: "us-isob-", suffix: "sc2s.sgov.gov", dualStackSuffix: "api.aws.scloud",
      globalRegion: "us-isob-east-1"),
    Partition(
      id: "aws-iso-e", regionPrefix: "eu-isoe-", suffix: "cloud.adc-e.uk", dualStackSuffix: "api.cloud-aws.adc-e.uk",
      globalRegion: "eu-isoe-west-1"),
    Partition(
      id: "aws-iso-f", regionPrefix: "us-isof-", suffix: "csp.hci.ic.gov", dualStackSuffix: "api.aws.hci.ic.gov",
      globalRegion: "us-isof-south-1"),
    Partition(
      id: "aws-eusc", regionPrefix: "eusc-", suffix: "amazonaws.eu", dualStackSuffix: "api.amazonwebservices.eu",
      globalRegion: "eusc-de-east-1"),
    aws,
  ]

  /// Of a region; those that nobody knows yet are in `aws`.
  init(region: String) { self = Self.all.first { region.hasPrefix($0.regionPrefix) } ?? .aws }

  /// Of an ARN, `arn:PARTITION:…`.
  init(arn: String) {
    let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
    self = parts.count > 1 ? Self.all.first { $0.id == parts[1] } ?? .aws : .aws
  }

  private init(id: String, regionPrefix: String, suffix: String, dualStackSuffix: String, globalRegion: String) {
    self.id = id
    self.regionPrefix = regionPrefix
    self.suffix = suffix
    self.dualStackSuffix = dualStackSuffix
    self.globalRegion = globalRegion
  }
}
