import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import AWS

/// Failures, and which of them are worth another attempt. The answers are given in order, the last one again and again.
@Suite struct ServiceClientTests {
  private static let identity =
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"

  private func withClient(
    _ answers: [WebServer.Answer], _ bench: AWSBench, _ extra: [String: String] = [:],
    _ body: (AWSClient, WebServer) async throws -> Void
  ) async throws {
    let rest = Mutex(answers)
    try await WebServer.serving { _ in
      rest.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
    } _: { server, port in
      let variables = [
        "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_SESSION_TOKEN": "TOKEN",
      ].merging(extra) { $1 }
      try await body(try bench.client(variables), server)
    }
  }

  private static func json(_ status: Int, _ text: String, _ headers: [String: String] = [:]) -> WebServer.Answer {
    .init(status, headers, body: Array(text.utf8))
  }

  @Test(
    "errors in all their forms",
    arguments: [
      (#"{"__type":"com.amazonaws.ecr#RepositoryNotFoundException","message":"gone"}"#, nil),
      (#"{"__type":"RepositoryNotFoundException","Message":"gone"}"#, nil),
      (#"{"code":"RepositoryNotFoundException","message":"gone"}"#, nil),
      (#"{"message":"gone"}"#, "RepositoryNotFoundException:http://internal.amazon.com/coral/x/"),
      (
        "<ErrorResponse><Error><Type>Sender</Type><Code>RepositoryNotFoundException</Code><Message>gone</Message></Error></ErrorResponse>",
        nil
      ),
      (
        "<Response><Errors><Error><Code>RepositoryNotFoundException</Code><Message>gone</Message></Error></Errors></Response>",
        nil
      ),
      ("<Error><Code>RepositoryNotFoundException</Code><Message>gone</Message></Error>", nil),
    ] as [(String, String?)])
  func forms(body: String, header: String?) {
    let failure = ServiceFailure(status: 400, errorType: header, body: Array(body.utf8))
    #expect(failure.code == "RepositoryNotFoundException" && failure.message == "gone")
  }

  @Test func throttlingIsWaitedOutWithFreshSignatures() async throws {
    let bench = try AWSBench()
    let throttled = Self.json(400, #"{"__type":"ThrottlingException"}"#)
    try await withClient([throttled, .init(503), .text(Self.identity)], bench) { client, server in
      #expect(try await client.send(GetCallerIdentity()).account == "1")
      #expect(server.requests.count == 3)
      let dates = server.requests.compactMap { $0.headers["x-amz-date"] }
      #expect(dates.count == 3 && bench.slept.count == 2)
      bench.advance(seconds: 5)
      _ = try await client.send(GetCallerIdentity())
      #expect(server.requests.last?.headers["x-amz-date"] != dates.first)
    }
  }

  @Test func attemptsEnd() async throws {
    let bench = try AWSBench()
    try await withClient([Self.json(400, #"{"__type":"ThrottlingException","message":"Rate exceeded"}"#)], bench) {
      client, server in
      let error = await awsError { _ = try await client.send(GetCallerIdentity()) }
      #expect(error?.code == .awsThrottled && error?.exitCode == .unavailable)
      #expect(server.requests.count == 5)
    }
    let asking = Self.json(429, "", ["Retry-After": "100"])
    try await withClient([asking], bench) { client, server in
      let error = await awsError { _ = try await client.send(GetCallerIdentity(), timeout: .seconds(60)) }
      #expect(error?.code == .awsThrottled)
      #expect(server.requests.count == 1, "the pause is longer than the time that there is")
    }
  }

  @Test func aWrongClockIsCorrected() async throws {
    let bench = try AWSBench()
    let refused = Self.json(
      403, #"{"__type":"InvalidSignatureException","message":"Signature expired"}"#,
      ["Date": "Sun, 30 Aug 2015 14:36:00 GMT"])
    try await withClient([refused, .text(Self.identity)], bench) { client, server in
      _ = try await client.send(GetCallerIdentity())
      _ = try await client.send(GetCallerIdentity())
      let dates = server.requests.map { $0.headers["x-amz-date"] }
      #expect(dates == ["20150830T123600Z", "20150830T143600Z", "20150830T143600Z"])
      #expect(bench.slept.isEmpty)
    }
    let wrong = Self.json(
      403, #"{"__type":"InvalidSignatureException","message":"no"}"#, ["Date": "Sun, 30 Aug 2015 12:36:30 GMT"])
    try await withClient([wrong], bench) { client, server in
      let error = await awsError { _ = try await client.send(GetCallerIdentity()) }
      #expect(error?.code == .awsUnauthorized && server.requests.count == 1)
    }
  }

  @Test(
    "what errors mean",
    arguments: [
      (403, "AccessDeniedException", DiagnosticCode.awsDenied, ExitCode.authentication),
      (403, "", .awsDenied, .authentication), (403, "UnrecognizedClientException", .awsUnauthorized, .authentication),
      (403, "SignatureDoesNotMatch", .awsUnauthorized, .authentication),
      (400, "ExpiredTokenException", .awsUnauthorized, .authentication), (401, "", .awsUnauthorized, .authentication),
      (400, "RepositoryNotFoundException", .awsRefused, .failure),
      (400, "LimitExceededException", .awsRefused, .failure),
      (500, "", .awsFailed, .unavailable), (404, "", .awsRefused, .failure), (302, "", .awsRefused, .failure),
    ])
  func meanings(status: Int, code: String, expected: DiagnosticCode, exitCode: ExitCode) async throws {
    let bench = try AWSBench()
    // Services show the canonical request, with the token in it, to whoever signed wrongly.
    let body = #"{"__type":"\#(code)","message":"x-amz-security-token:TOKEN and SECRET"}"#
    try await withClient([Self.json(status, body, ["Location": "http://127.0.0.1:1/"])], bench) { client, _ in
      let error = try #require(await awsError { _ = try await client.send(GetCallerIdentity()) })
      #expect(error.code == expected && error.exitCode == exitCode)
      #expect(error.serviceCode == (code.isEmpty ? nil : code))
      #expect(!error.said.contains("TOKEN") && !error.said.contains("SECRET"))
      #expect(error.said.contains("AKIA from the environment") && !error.diagnostic.help.isEmpty)
    }
    #expect(!bench.trace.contains { $0.contains("TOKEN") || $0.contains("SECRET") })
  }

  @Test func anAnswerOfAnotherKindIsSaidSo() async throws {
    let bench = try AWSBench()
    try await withClient([.text("<html>Welcome to the proxy</html>")], bench) { client, _ in
      let error = await awsError { _ = try await client.send(GetCallerIdentity()) }
      #expect(error?.code == .awsFailed && error?.exitCode == .unavailable)
      let other = await awsError { _ = try await client.send(DescribeRepositories(repositoryNames: ["a"])) }
      #expect(other?.code == .awsFailed)
    }
  }

  @Test func nobodyListens() async throws {
    let bench = try AWSBench()
    let client = try bench.client([
      "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIA",
      "AWS_SECRET_ACCESS_KEY": "SECRET",
    ])
    let error = await awsError { _ = try await client.send(GetCallerIdentity()) }
    #expect(error?.code == .awsUnreachable && error?.exitCode == .unavailable)
    #expect(bench.slept.count == 4)
  }

  @Test func expiredCredentialsAreRenewedOnce() async throws {
    let bench = try AWSBench()
    try bench.scratch.write([
      "tool": .file(
        """
        #!/bin/sh
        echo . >>\(bench.scratch("runs"))
        n=$(wc -l <\(bench.scratch("runs")))
        echo "{\\"Version\\":1,\\"AccessKeyId\\":\\"AKIA$n\\",\\"SecretAccessKey\\":\\"s\\"}"

        """, mode: 0o755)
    ])
    try bench.write(config: "[profile tool]\ncredential_process = \(bench.scratch("tool"))\n")
    let expired = Self.json(403, #"{"__type":"ExpiredTokenException","message":"expired"}"#)
    let variables = [
      "AWS_PROFILE": "tool", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
    ]
    try await withClient([expired, .text(Self.identity)], bench, variables) { client, server in
      _ = try await client.send(GetCallerIdentity())
      let keys = server.requests.map { $0.headers["authorization"]?.contains("Credential=AKIA2/") ?? false }
      #expect(keys == [false, true])
    }
    try await withClient([expired], bench, variables) { client, server in
      let error = await awsError { _ = try await client.send(GetCallerIdentity()) }
      #expect(error?.code == .awsUnauthorized && server.requests.count == 2)
    }
  }

  @Test func passwordsAreKept() async throws {
    let bench = try AWSBench()
    let token = Data("AWS:PASSWORD".utf8).base64EncodedString()
    let privately = Self.json(
      200, #"{"authorizationData":[{"authorizationToken":"\#(token)","expiresAt":1440981360.5,"proxyEndpoint":"x"}]}"#)
    let publicly = Self.json(200, #"{"authorizationData":{"authorizationToken":"\#(token)","expiresAt":1440981360}}"#)
    try await withClient([privately, privately, publicly, privately], bench) { client, server in
      let passwords = ECRPasswords(client: client, now: bench.clock.now)
      func password(_ host: String) async throws -> ECRPasswords.Password {
        try await passwords.password(for: try #require(ECRRegistry(host: host)))
      }
      let first = try await password("123456789012.dkr.ecr.eu-central-1.amazonaws.com")
      #expect(first.user == "AWS" && first.password == "PASSWORD")
      _ = try await password("210987654321.dkr-ecr.eu-central-1.on.aws")
      #expect(server.requests.count == 1)
      _ = try await password("123456789012.dkr.ecr.us-east-1.amazonaws.com")
      _ = try await password("public.ecr.aws")
      #expect(server.requests.count == 3)
      #expect(server.requests[1].headers["authorization"]?.contains("/us-east-1/ecr/aws4_request") == true)
      #expect(server.requests[2].headers["x-amz-target"] == "SpencerFrontendService.GetAuthorizationToken")
      #expect(server.requests[2].headers["authorization"]?.contains("/us-east-1/ecr-public/aws4_request") == true)
      bench.advance(seconds: 42_000)
      _ = try await password("public.ecr.aws")
      #expect(server.requests.count == 3)
      bench.advance(seconds: 500)
      _ = try await password("123456789012.dkr.ecr.us-east-1.amazonaws.com")
      #expect(server.requests.count == 4)
    }
  }
}
