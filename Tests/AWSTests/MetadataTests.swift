import Diagnostics
import Foundation
import HTTP
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import AWS

/// Servers beside the machine, as EC2, ECS and EKS have them.
@Suite struct MetadataTests {
  private static let document =
    #"{"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"SECRET","Token":"TOKEN","Expiration":"2015-08-30T18:36:00Z"}"#

  /// A metadata service of version 2 alone.
  private static func instance(_ request: WebServer.Request) -> WebServer.Answer {
    if request.method == "PUT", request.path == "/latest/api/token" {
      return request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600" ? .text("the-token") : .init(400)
    }
    guard request.headers["x-aws-ec2-metadata-token"] == "the-token" else { return .init(401) }
    return switch request.path {
    case "/latest/meta-data/iam/security-credentials/": .text("my role\n")
    case "/latest/meta-data/iam/security-credentials/my%20role": .text(document)
    case "/latest/meta-data/placement/region": .text("ap-south-1")
    default: .init(404)
    }
  }

  private func variables(_ port: Int) -> [String: String] {
    ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(port)/", "AWS_EC2_METADATA_DISABLED": "false"]
  }

  @Test func anInstanceHasARoleAndARegion() async throws {
    let bench = try AWSBench()
    try await WebServer.serving {
      Self.instance($0)
    } _: { _, port in
      let client = try bench.client(variables(port))
      let found = try await client.credentials()
      #expect(found.accessKeyID == "ASIA1" && found.secretAccessKey == "SECRET" && found.sessionToken == "TOKEN")
      #expect(found.expiration == 1_440_959_760)
      #expect(found.origin == "the role my role of the EC2 instance")
      #expect(try await client.region() == "ap-south-1")
    }
    #expect(!bench.trace.contains { $0.contains("SECRET") || $0.contains("the-token") })
  }

  @Test(
    "instances that have nothing",
    arguments: [
      (403, "gives no token: status 403"), (200, "it has no role"), (1, "gives no token: status 302"),
      (2, "its role r gives no credentials: AssumeRoleUnauthorizedAccess: EC2 cannot assume the role"),
    ])
  func instancesWithoutRoles(kind: Int, text: String) async throws {
    let bench = try AWSBench()
    try await WebServer.serving { request in
      if kind == 1 { return .init(302, ["Location": "http://127.0.0.1:1/"]) }
      if request.method == "PUT" { return kind == 403 ? .init(403) : .text("t") }
      if kind == 200 { return .init(404) }
      return request.path.hasSuffix("/")
        ? .text("r") : .text(#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"}"#)
    } _: { _, port in
      let error = try #require(await awsError { _ = try await bench.client(variables(port)).credentials() })
      #expect(error.code == .awsCredentialsMissing)
      #expect(error.diagnostic.notes.last?.message.contains(text) == true, "\(error)")
    }
  }

  @Test func silenceEndsSoon() async throws {
    let bench = try AWSBench()
    let transport = HTTPTransport { request in
      #expect(request.url.absoluteString == "http://[fd00:ec2::254]/latest/api/token")
      #expect(request.headTimeout == .seconds(3))
      throw HTTPError(.timedOut, "no answer")
    }
    let error = try #require(
      await awsError {
        _ = try await bench.client(
          [
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6",
            "AWS_METADATA_SERVICE_TIMEOUT": "3", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2",
          ], transport
        ).credentials()
      })
    #expect(error.diagnostic.notes.last?.message.contains("the hop limit has to be 2") == true)
    #expect(bench.slept.count == 1)
  }

  // MARK: Containers

  @Test func aContainerIsAskedWithItsToken() async throws {
    let bench = try AWSBench()
    try bench.scratch.write(["token": .file("from-file\n")])
    try await WebServer.serving { _ in
      .text(Self.document)
    } _: { server, port in
      var variables = [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(port)/v1/credentials?a=b",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "from-variable",
      ]
      let found = try await bench.client(variables).credentials()
      #expect(found.accessKeyID == "ASIA1" && found.sessionToken == "TOKEN")
      #expect(found.origin.hasPrefix("the container's endpoint http://127.0.0.1:\(port)/v1/credentials"))
      variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = bench.scratch("token").string
      _ = try await bench.client(variables).credentials()
      #expect(server.requests.map { $0.headers["authorization"] } == ["from-variable", "from-file"])
      #expect(server.requests.map(\.target) == ["/v1/credentials?a=b", "/v1/credentials?a=b"])
      try bench.scratch.write(["token": .file("a\r\nX-Evil: 1\n")])
      let error = await awsError { _ = try await bench.client(variables).credentials() }
      #expect(error?.said.contains("it has several lines") == true)
      #expect(server.requests.count == 2)
    }
  }

  @Test func aTaskOfECSIsAskedAtItsAddress() async throws {
    let bench = try AWSBench()
    let transport = HTTPTransport { request in
      #expect(request.url.absoluteString == "http://169.254.170.2/v2/credentials/1")
      return HTTPResponse(status: 200, body: HTTPBytes(Self.document.utf8), url: request.url)
    }
    let variables = [
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x/",
    ]
    #expect(try await bench.client(variables, transport).credentials().accessKeyID == "ASIA1")
  }

  @Test(
    "containers that have nothing",
    arguments: [
      (404, #"{"Code":"NotFound","Message":"no role"}"#, "it answered with status 404", "NotFound: no role"),
      (200, "hello", "it answered with status 200", "gives no credentials"),
      (200, #"{"AccessKeyId":"a","SecretAccessKey":"b","Expiration":"soon"}"#, "status 200", "gives no credentials"),
      (302, "", "cannot reach", "redirects more than 0 times"),
    ])
  func containersWithoutRoles(status: Int, body: String, first: String, second: String) async throws {
    let bench = try AWSBench()
    try await WebServer.serving { _ in
      .init(status, ["Location": "http://127.0.0.1:1/"], body: Array(body.utf8))
    } _: { server, port in
      let error = try #require(
        await awsError {
          _ = try await bench.client(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost:\(port)/"]).credentials()
        })
      #expect(error.code == .awsCredentialsInvalid && error.said.contains(first) && error.said.contains(second))
      #expect(server.requests.count == 1)
    }
  }

  // MARK: IAM Identity Center

  /// The name of a file of the cache is the SHA-1 of the session's name or of the start URL.
  @Test(
    arguments: [
      ("session", "sso_session = corp"), ("legacy", "sso_start_url = https://x.example/start"),
    ])
  func aLoginIsExchanged(name: String, setting: String) async throws {
    let bench = try AWSBench()
    let key = name == "session" ? "corp" : "https://x.example/start"
    let hash = try await Tool.output("sh", ["-c", "printf %s \"$1\" | sha1sum | cut -d ' ' -f 1", "sh", key])
    try bench.write(
      config: """
        [profile \(name)]
        \(setting)
        sso_region = eu-west-1
        sso_account_id = 123456789012
        sso_role_name = Deploy Role
        [sso-session corp]
        sso_start_url = https://x.example/start
        sso_region = eu-west-1
        sso_registration_scopes = sso:account:access

        """)
    try bench.scratch.write([
      ".aws/sso/cache/\(hash).json": .file(#"{"accessToken":"TOKEN1","expiresAt":"2015-08-30T13:36:00Z","x":1}"#)
    ])
    try await WebServer.serving { request in
      guard request.headers["x-amz-sso_bearer_token"] == "TOKEN1", request.headers["authorization"] == nil,
        request.target == "/federation/credentials?role_name=Deploy%20Role&account_id=123456789012"
      else {
        return .init(
          401, ["X-Amzn-ErrorType": "UnauthorizedException"], body: Array(#"{"message":"Session is invalid"}"#.utf8))
      }
      return .text(
        #"{"roleCredentials":{"accessKeyId":"ASIA2","secretAccessKey":"SECRET","sessionToken":"T","expiration":1440941760000}}"#
      )
    } _: { _, port in
      let variables = ["AWS_PROFILE": name, "AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:\(port)"]
      let found = try await bench.client(variables).credentials()
      #expect(found.accessKeyID == "ASIA2" && found.sessionToken == "T" && found.expiration == 1_440_941_760)
      #expect(found.origin.contains("the role Deploy Role in account 123456789012"))
      #expect(!bench.trace.contains { $0.contains("TOKEN1") })

      try bench.scratch.write([
        ".aws/sso/cache/\(hash).json": .file(#"{"accessToken":"OTHER","expiresAt":"2015-08-30T13:36:00Z"}"#)
      ])
      let refused = try #require(await awsError { _ = try await bench.client(variables).credentials() })
      #expect(refused.code == .awsUnauthorized && refused.diagnostic.help == ["run: aws sso login --profile \(name)"])
      bench.advance(seconds: 4000)
      let expired = try #require(await awsError { _ = try await bench.client(variables).credentials() })
      #expect(expired.diagnostic.message == "the login of the profile \(name) has expired")
    }
  }
}
