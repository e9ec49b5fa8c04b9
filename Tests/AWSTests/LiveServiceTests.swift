import Diagnostics
import Foundation
import HTTP
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import AWS

/// Calls as botocore would send them: moto behind a gate that computes signatures again.
@Suite struct LiveServiceTests {
  @Test func rolesAreTakenInAllWays() async throws {
    let bench = try AWSBench.atRealTime()
    try await AWSServer.serve { server in
      try bench.scratch.write(["token": .file("eyJ.some.token\n")])
      try bench.write(
        config: """
          [profile deploy]
          role_arn = arn:aws:iam::210987654321:role/deploy
          source_profile = hop
          role_session_name = the-session
          external_id = tenant+1/a
          duration_seconds = 900
          region = us-west-2
          [profile hop]
          role_arn = arn:aws:iam::345678901234:role/hop
          source_profile = base
          [profile env]
          role_arn = arn:aws:iam::210987654321:role/env
          credential_source = Environment
          [profile web]
          role_arn = arn:aws:iam::210987654321:role/web
          web_identity_token_file = \(bench.scratch("token"))

          """,
        credentials:
          "[base]\naws_access_key_id = \(AWSServer.accessKeyID)\naws_secret_access_key = \(AWSServer.secretAccessKey)\n"
      )
      func caller(_ variables: [String: String], withKeys: Bool = false) async throws -> GetCallerIdentity.Output {
        var all = server.environment.merging(variables) { $1 }
        if !withKeys { for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] { all[name] = nil } }
        return try await bench.client(all).send(GetCallerIdentity(), region: "eu-central-1")
      }
      #expect(try await caller([:], withKeys: true).account == AWSServer.account)
      let deploy = try await caller(["AWS_PROFILE": "deploy"])
      #expect(deploy.arn == "arn:aws:sts::210987654321:assumed-role/deploy/the-session")
      let web = try await caller(["AWS_PROFILE": "web", "AWS_ROLE_SESSION_NAME": "job-7"])
      #expect(web.arn == "arn:aws:sts::210987654321:assumed-role/web/job-7")
      let pod = try await caller([
        "AWS_ROLE_ARN": "arn:aws:iam::210987654321:role/pod",
        "AWS_WEB_IDENTITY_TOKEN_FILE": bench.scratch("token").string,
      ])
      #expect(pod.arn.hasPrefix("arn:aws:sts::210987654321:assumed-role/pod/slipway-"))
      // A profile that takes a role counts more than the web identity, as in the AWS CLI.
      let both = try await caller([
        "AWS_PROFILE": "deploy", "AWS_ROLE_ARN": "arn:aws:iam::210987654321:role/pod",
        "AWS_WEB_IDENTITY_TOKEN_FILE": bench.scratch("token").string,
      ])
      #expect(both.arn == deploy.arn)
    }
  }

  @Test func repositoriesAreMadeAndFound() async throws {
    let bench = try AWSBench.atRealTime()
    try await AWSServer.serve { server in
      let client = try bench.client(server.environment)
      let describe = DescribeRepositories(repositoryNames: ["team/web"])
      let missing = await awsError { _ = try await client.send(describe) }
      #expect(missing?.serviceCode == "RepositoryNotFoundException")
      var create = CreateRepository(repositoryName: "team/web")
      create.imageTagMutability = "IMMUTABLE"
      create.imageScanningConfiguration = .init(scanOnPush: true)
      create.encryptionConfiguration = .init(encryptionType: "KMS", kmsKey: "alias/registry")
      let made = try await client.send(create).repository
      #expect(made.repositoryUri == "\(AWSServer.account).dkr.ecr.eu-central-1.amazonaws.com/team/web")
      #expect(try await client.send(describe).repositories.map(\.repositoryName) == ["team/web"])
      let again = await awsError { _ = try await client.send(create) }
      #expect(again?.serviceCode == "RepositoryAlreadyExistsException" && again?.code == .awsRefused)

      let registry = try #require(ECRRegistry(host: "\(AWSServer.account).dkr.ecr.eu-central-1.amazonaws.com"))
      let password = try await ECRPasswords(client: client, now: bench.clock.now).password(for: registry)
      #expect(password.user == "AWS" && password.password == "\(AWSServer.account)-auth-token")
      #expect(
        try server.calls() == [
          "DescribeRepositories 400", "CreateRepository 200", "DescribeRepositories 200", "CreateRepository 400",
          "GetAuthorizationToken 200",
        ])
    }
  }

  @Test func theGateRefusesWhatIsWrong() async throws {
    let bench = try AWSBench.atRealTime()
    try await AWSServer.serve { server in
      var variables = server.environment
      let empty = await awsError {
        _ = try await bench.client(variables).send(DescribeRepositories(repositoryNames: []))
      }
      #expect(empty?.said.contains("GateRefusal") == true)
      let scan = await awsError {
        _ = try await bench.client(variables).send(CreateRepository(repositoryName: "x"))
      }
      #expect(scan?.said.contains("repositoryName") == true)
      variables["AWS_SECRET_ACCESS_KEY"] = "wrong"
      let unsigned = await awsError { _ = try await bench.client(variables).send(GetCallerIdentity()) }
      #expect(unsigned?.said.contains("the signature is another one") == true)
    }
  }
}
