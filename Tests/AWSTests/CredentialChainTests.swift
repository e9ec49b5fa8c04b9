import Diagnostics
import Foundation
import HTTP
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import AWS

/// Which place counts, and what is said when none has anything.
@Suite struct CredentialChainTests {
  private func key(_ bench: AWSBench, _ variables: [String: String] = [:]) async throws -> String {
    try await bench.client(variables).credentials().accessKeyID
  }

  @Test func theEnvironmentIsFirst() async throws {
    let bench = try AWSBench()
    try bench.write(credentials: "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n")
    let variables = [
      "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_SESSION_TOKEN": "TOKEN",
      "AWS_CREDENTIAL_EXPIRATION": "2015-08-30T13:36:00Z", "AWS_PROFILE": "default",
    ]
    let found = try await bench.client(variables).credentials()
    #expect(
      found
        == AWSCredentials(
          accessKeyID: "ENV", secretAccessKey: "SECRET", sessionToken: "TOKEN", expiration: 1_440_941_760,
          origin: "the environment"))
    #expect(try await key(bench) == "FILE")
  }

  @Test func profilesInTheirForms() async throws {
    let bench = try AWSBench()
    let tool = bench.scratch("tool")
    try bench.scratch.write([
      "tool": .file(
        "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"'\"$1\"'\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"2015-08-30T13:36:00Z\"}'\n",
        mode: 0o755)
    ])
    try bench.write(
      config: """
        [default]
        region = eu-west-1
        [profile keys]
        aws_access_key_id = CONFIG
        aws_secret_access_key = s
        [profile both]
        aws_access_key_id = CONFIG
        aws_secret_access_key = s
        [profile tool]
        credential_process = "\(tool)" 'A B'
        aws_access_key_id = LATER
        aws_secret_access_key = s

        """,
      credentials: "[both]\naws_access_key_id = CREDENTIALS\naws_secret_access_key = s\n")
    #expect(try await key(bench, ["AWS_PROFILE": "keys"]) == "CONFIG")
    #expect(try await key(bench, ["AWS_PROFILE": "both"]) == "CREDENTIALS")
    let found = try await bench.client(["AWS_PROFILE": "tool"]).credentials()
    #expect(found.accessKeyID == "A B" && found.sessionToken == "t" && found.expiration == 1_440_941_760)
    #expect(found.origin == "the credential_process of the profile tool")
  }

  @Test func oneErrorNamesEachPlace() async throws {
    let bench = try AWSBench()
    try bench.write(config: "[default]\nregion = eu-west-1\n")
    let error = try #require(await awsError { _ = try await bench.client().credentials() })
    #expect(error.code == .awsCredentialsMissing && error.exitCode == .authentication)
    #expect(
      error.diagnostic.notes.map(\.message) == [
        "the environment: AWS_ACCESS_KEY_ID is not set",
        "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        "the profile default: it has neither a role, nor sso_account_id, nor keys, nor credential_process",
        "the container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
        "the EC2 instance: AWS_EC2_METADATA_DISABLED is true",
      ])
    #expect(error.diagnostic.help.first?.contains("aws sso login") == true)
    try Files.removeTree(bench.scratch(".aws"))
    let other = try #require(await awsError { _ = try await bench.client().credentials() })
    #expect(
      other.diagnostic.notes[2].message
        == "the profile default: it is not in \(bench.scratch(".aws/config")) or \(bench.scratch(".aws/credentials"))")
  }

  @Test(
    "places that were set up in vain",
    arguments: [
      (["AWS_ACCESS_KEY_ID": "x"], "AWS_SECRET_ACCESS_KEY is not set"),
      (["AWS_SECRET_ACCESS_KEY": "x"], "AWS_ACCESS_KEY_ID is not set"),
      (["AWS_PROFILE": "hlaf"], "did you mean half?"), (["AWS_PROFILE": "half"], "lacks aws_secret_access_key"),
      (["AWS_PROFILE": "mfa"], "wants a code of the device arn:aws:iam::1:mfa/me"),
      (["AWS_PROFILE": "loop"], "the profiles loop, pool, loop name each other"),
      (["AWS_PROFILE": "self"], "the source_profile self of the profile self has no credentials"),
      (["AWS_PROFILE": "nosource"], "lacks source_profile or credential_source"),
      (["AWS_PROFILE": "two"], "has both source_profile and credential_source"),
      (["AWS_PROFILE": "odd"], "credential_source of the profile odd is \"Moon\""),
      (["AWS_PROFILE": "env"], "AWS_ACCESS_KEY_ID is not set"),
      (["AWS_PROFILE": "gone"], "there is no profile \"nowhere\", which source_profile of the profile gone names"),
      (["AWS_PROFILE": "long"], "duration_seconds of the profile long is \"1h\""),
      (["AWS_PROFILE": "failing"], "it is locked"), (["AWS_PROFILE": "absent"], "cannot run the credential_process"),
      (["AWS_PROFILE": "chatty"], "does not print credentials"),
      (["AWS_PROFILE": "sso"], "names the sso_session none, which is not there"),
      (["AWS_PROFILE": "legacy"], "lacks sso_region"), (["AWS_PROFILE": "notlogged"], "run: aws sso login"),
      (["AWS_WEB_IDENTITY_TOKEN_FILE": "/x"], "AWS_ROLE_ARN is not"),
      (["AWS_WEB_IDENTITY_TOKEN_FILE": "/no/x", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"], "cannot read"),
      (["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "x"], "it does not begin with /"),
      (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"], "example.com is neither this machine"),
      (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1.example.com/x"], "is neither this machine"),
      (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.3/x"], "is neither this machine"),
      (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "ftp://127.0.0.1/x"], "it is not an address of the web"),
    ] as [([String: String], String)])
  func mistakes(variables: [String: String], text: String) async throws {
    let bench = try AWSBench()
    let role = "role_arn = arn:aws:iam::1:role/r"
    try bench.write(
      config: """
        [profile half]
        aws_access_key_id = x
        [profile mfa]
        \(role)
        source_profile = keys
        mfa_serial = arn:aws:iam::1:mfa/me
        [profile keys]
        aws_access_key_id = x
        aws_secret_access_key = S3CR3T
        [profile loop]
        \(role)
        source_profile = pool
        [profile pool]
        \(role)
        source_profile = loop
        [profile self]
        \(role)
        source_profile = self
        [profile nosource]
        \(role)
        [profile two]
        \(role)
        source_profile = keys
        credential_source = Environment
        [profile odd]
        \(role)
        credential_source = Moon
        [profile env]
        \(role)
        credential_source = Environment
        [profile gone]
        \(role)
        source_profile = nowhere
        [profile long]
        \(role)
        source_profile = keys
        duration_seconds = 1h
        [profile failing]
        credential_process = sh -c "echo it is locked >&2; exit 3"
        [profile absent]
        credential_process = /no/such/tool
        [profile chatty]
        credential_process = echo S3CR3T
        [profile sso]
        sso_session = none
        sso_account_id = 1
        [profile legacy]
        sso_account_id = 1
        sso_role_name = r
        sso_start_url = https://x.example/start
        [profile notlogged]
        sso_account_id = 1
        sso_role_name = r
        sso_start_url = https://x.example/start
        sso_region = eu-west-1

        """)
    let error = try #require(await awsError { _ = try await bench.client(variables).credentials() })
    #expect(error.said.contains(text), "\(error)")
    #expect(error.exitCode == .authentication || error.diagnostic.message.contains("duration_seconds"))
    #expect(!error.diagnostic.help.isEmpty)
    #expect(!error.said.contains("S3CR3T"))
  }

  @Test func secretsAreNeverShown() async throws {
    let credentials = AWSCredentials(
      accessKeyID: "AKIA", secretAccessKey: "SECRET", sessionToken: "TOKEN", origin: "the environment")
    let password = ECRPasswords.Password(user: "AWS", password: "SECRET", expiration: 0)
    var dumped = ""
    dump((credentials, [credentials], password), to: &dumped)
    let all = "\(credentials) \(String(reflecting: credentials)) \(password) \(String(reflecting: password)) \(dumped)"
    #expect(all.contains("AKIA from the environment") && !all.contains("SECRET") && !all.contains("TOKEN"))
  }

  // MARK: Renewal

  /// Gives credentials that are numbered, for an hour each, and may be told to fail.
  private actor Counter: CredentialSource {
    nonisolated let name = "the counter"
    private let clock: HTTPClock
    private(set) var count = 0
    private var isBroken = false

    init(_ clock: HTTPClock) { self.clock = clock }
    func fail() { isBroken = true }

    func find() async throws -> CredentialFinding {
      count += 1
      await Task.yield()
      if isBroken { throw AWSError(.awsUnreachable, "broken") }
      return .found(
        AWSCredentials(
          accessKeyID: "\(count)", secretAccessKey: "s", expiration: clock.now() + 3600, origin: "the counter"))
    }
  }

  @Test func areRenewedBeforeTheyEnd() async throws {
    let bench = try AWSBench()
    let source = Counter(bench.clock)
    let chain = CredentialChain(sources: [source], clock: bench.clock)
    #expect(try await chain.credentials().accessKeyID == "1")
    bench.advance(seconds: 3200)
    #expect(try await chain.credentials().accessKeyID == "1")
    bench.advance(seconds: 200)
    #expect(try await chain.credentials().accessKeyID == "2")
    await source.fail()
    bench.advance(seconds: 3400)
    #expect(try await chain.credentials().accessKeyID == "2", "it is still good for 200 seconds")
    bench.advance(seconds: 200)
    #expect(await awsError { _ = try await chain.credentials() }?.code == .awsUnreachable)
  }

  @Test func manyAskersFindOnce() async throws {
    let bench = try AWSBench()
    let source = Counter(bench.clock)
    let chain = CredentialChain(sources: [source], clock: bench.clock)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 { group.addTask { _ = try await chain.credentials() } }
      try await group.waitForAll()
    }
    #expect(await source.count == 1)
    let first = try await chain.credentials()
    #expect(await chain.renew(first))
    #expect(try await chain.credentials().accessKeyID == "2")
    #expect(await chain.renew(first), "somebody else has renewed them")
    #expect(await source.count == 2)
  }
}
