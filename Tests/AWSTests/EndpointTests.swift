import Diagnostics
import Foundation
import HostOS
import TestSupport
import Testing

@testable import AWS

@Suite struct EndpointTests {
  private static let services: [String: AWSService] = [
    "ecr": .ecr, "ecr-public": .ecrPublic, "ecs": .ecs, "sts": .sts, "ssm": .ssm, "secretsmanager": .secretsManager,
    "logs": .logs, "s3": .s3, "codedeploy": .codeDeploy, "elbv2": .loadBalancing, "events": .events,
    "scheduler": .scheduler, "application-autoscaling": .applicationAutoScaling, "cloudwatch": .cloudWatch, "sso": .sso,
  ]

  @Test func hostsAreThoseOfTheModels() throws {
    let table = String(decoding: try Files.read(Checkout.fixture("aws/endpoints.tsv")), as: UTF8.self)
    let lines = table.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    #expect(lines.count == Self.services.count * 16)
    for line in lines {
      let service = try #require(Self.services[line[0]])
      for (index, (fips, dualStack)) in [(false, false), (false, true), (true, false), (true, true)].enumerated() {
        let expected = line[2 + index]
        // The model has no name for it.
        if expected == "-" { continue }
        let host = Endpoint.host(
          service, line[1], Partition(region: line[1]), fips: fips, dualStack: dualStack)
        #expect(host == expected, "\(line[0]) in \(line[1]), FIPS \(fips), dual stack \(dualStack)")
      }
    }
  }

  @Test(
    "hosts of registries",
    arguments: [
      ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", "api.ecr.eu-central-1.amazonaws.com"),
      ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "api.ecr-fips.us-gov-west-1.amazonaws.com"),
      ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn"),
      ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "api.ecr.us-iso-east-1.c2s.ic.gov"),
      ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "api.ecr.eusc-de-east-1.amazonaws.eu"),
      ("123456789012.dkr-ecr.eu-west-1.on.aws", "ecr.eu-west-1.api.aws"),
      ("123456789012.dkr-ecr-fips.us-east-1.on.aws", "ecr-fips.us-east-1.api.aws"),
      ("public.ecr.aws", "api.ecr-public.us-east-1.amazonaws.com"),
      ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "ecr.cn-north-1.api.amazonwebservices.com.cn"),
      ("123456789012.dkr.ecr.us-east-1.amazonaws.com.cn", nil), ("123456789012.dkr-ecr.cn-north-1.on.aws", nil),
      ("docker.io", nil), ("ecr.aws", nil), ("123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example", nil),
      ("123456789012.dkr.ecr.eu-central-1.amazonaws.com:444", nil), ("x.123456789012.dkr.ecr.eu-west-1.on.aws", nil),
      ("12345.dkr.ecr.eu-central-1.amazonaws.com", nil), ("123456789012.dkr.ecr.eu-central-1.example.com", nil),
      ("123456789012.dkr.ecr.evil.example/.amazonaws.com", nil), ("123456789012.dkr-ecr.eu-west-1.amazonaws.com", nil),
    ] as [(String, String?)])
  func registries(host: String, api: String?) throws {
    let registry = ECRRegistry(host: host)
    let found = registry.map {
      Endpoint.host(
        $0.isPublic ? .ecrPublic : .ecr, $0.region, Partition(region: $0.region), fips: $0.usesFIPS,
        dualStack: $0.usesDualStack)
    }
    #expect(found == api)
    #expect(registry.map(\.isPublic) ?? (host == "public.ecr.aws") == (host == "public.ecr.aws"))
  }

  @Test func addressesOfOneself() throws {
    let bench = try AWSBench()
    try bench.write(
      config: """
        [profile p]
        region = eu-west-1
        endpoint_url = http://profile.example
        services = here
        [services here]
        ecr =
          endpoint_url = http://section.example/base/
          other = 1
        [profile ignoring]
        endpoint_url = http://profile.example
        ignore_configured_endpoint_urls = true

        """)
    func url(_ service: AWSService, _ variables: [String: String]) throws -> String {
      let endpoint = try Endpoint(
        service, region: "eu-west-1", fips: false, dualStack: false, settings: bench.settings(variables))
      return endpoint.url(path: "/x", query: "a=b").absoluteString
    }
    #expect(try url(.ecr, [:]) == "https://api.ecr.eu-west-1.amazonaws.com/x?a=b")
    #expect(try url(.ecr, ["AWS_PROFILE": "p"]) == "http://section.example/base/x?a=b")
    #expect(try url(.sts, ["AWS_PROFILE": "p"]) == "http://profile.example/x?a=b")
    #expect(
      try url(.sts, ["AWS_PROFILE": "p", "AWS_ENDPOINT_URL": "http://all.example"]) == "http://all.example/x?a=b")
    #expect(
      try url(
        .ecrPublic, ["AWS_ENDPOINT_URL": "http://all.example", "AWS_ENDPOINT_URL_ECR_PUBLIC": "http://own.example"])
        == "http://own.example/x?a=b")
    #expect(try url(.sts, ["AWS_PROFILE": "ignoring"]) == "https://sts.eu-west-1.amazonaws.com/x?a=b")
    #expect(
      try url(.sts, ["AWS_ENDPOINT_URL": "http://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"])
        == "https://sts.eu-west-1.amazonaws.com/x?a=b")
  }

  @Test(arguments: ["evil.example/x", "", "eu-west-1@evil.example", "eu west"])
  func aRegionIsNoAddress(region: String) async throws {
    let bench = try AWSBench()
    let error = await awsError {
      _ = try Endpoint(.sts, region: region, fips: false, dualStack: false, settings: bench.settings())
    }
    #expect(error?.code == .awsSettings && error?.exitCode == .usage)
  }

  @Test func theRegionComesFromTheNearestPlace() async throws {
    let bench = try AWSBench()
    try bench.write(config: "[default]\nregion = profile-1\n[profile other]\nregion = other-1\n")
    #expect(
      try await bench.client(["AWS_REGION": "one-1", "AWS_DEFAULT_REGION": "two-1"]).region() == "one-1")
    #expect(try await bench.client(["AWS_DEFAULT_REGION": "two-1"]).region() == "two-1")
    #expect(try await bench.client().region() == "profile-1")
    #expect(try await bench.client(["AWS_PROFILE": "other"]).region() == "other-1")
    try bench.write()
    let error = await awsError { _ = try await bench.client().region() }
    #expect(error?.code == .awsRegionMissing)
  }
}
