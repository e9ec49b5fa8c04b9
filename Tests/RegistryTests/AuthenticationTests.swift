import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOHTTP1
import OCI
import Registry
import Testing

@Suite struct AuthenticationTests {
  private let image = ImageReference(registry: "r.example", repository: "me/web", tag: "1")
  private let basic = StaticCredentials(["r.example": .basic(user: "me", password: "SECRET")])

  private func tokenQuery(_ access: String = "pull") -> String {
    "GET /token?service=r.example&scope=repository%3Ame%2Fweb%3A\(access)"
  }

  /// A registry that takes one token.
  private func registry(accepting token: String = "Bearer t0", tokens: [String] = ["t0"], lasting: Int = 300)
    -> ScriptedRegistry
  {
    ScriptedRegistry { request, count in
      if request.url.host() == "auth.example" { return .token(tokens[min(count, tokens.count - 1)], lasting: lasting) }
      guard request.authorization == token else { return .bearer() }
      return ScriptedAnswer(200, manifestHeaders, bytes: manifestBytes)
    }
  }

  @Test func fetchesATokenAnonymously() async throws {
    let registry = registry()
    let manifest = try await registry.client().manifest(image)
    #expect(manifest.descriptor.digest == manifestDigest)
    #expect(registry.lines == ["GET /v2/me/web/manifests/1", tokenQuery(), "GET /v2/me/web/manifests/1"])
    #expect(registry.seen[1].authorization == nil)
  }

  @Test func showsThePasswordToTheTokenServerAlone() async throws {
    let registry = registry()
    _ = try await registry.client(basic).manifest(image)
    #expect(registry.seen.map(\.authorization) == [nil, "Basic bWU6U0VDUkVU", "Bearer t0"])
  }

  @Test func keepsATokenAsLongAsItIsGood() async throws {
    let registry = registry(lasting: 100)
    let client = registry.client()
    _ = try await client.manifest(image)
    registry.advance(seconds: 80)
    _ = try await client.manifest(image)
    #expect(registry.lines.count { $0.hasPrefix("GET /token") } == 1)
    #expect(registry.lines.count == 4)
    registry.advance(seconds: 15)
    _ = try await client.manifest(image)
    #expect(registry.lines.count { $0.hasPrefix("GET /token") } == 2)
    #expect(registry.lines.count == 6)
  }

  @Test func asksForANewTokenWhenOneEndsInTheMiddle() async throws {
    let registry = registry(accepting: "Bearer t1", tokens: ["t0", "t1"])
    _ = try await registry.client().manifest(image)
    #expect(registry.seen.last?.authorization == "Bearer t1")
    let closed = self.registry(accepting: "Bearer t9", tokens: ["t0", "t1", "t2"])
    let error = await registryError { _ = try await closed.client().manifest(image) }
    #expect(error?.code == .unauthorized)
    #expect(closed.lines.count { $0.hasPrefix("GET /token") } == 2)
  }

  @Test func manyRequestsWantOneToken() async throws {
    let registry = registry()
    let client = registry.client()
    let image = image
    _ = try? await client.manifest(image.with(digest: manifestDigest))
    registry.advance(seconds: 1000)
    let before = registry.lines.count { $0.hasPrefix("GET /token") }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { _ = try await client.manifest(image) } }
      try await group.waitForAll()
    }
    #expect(registry.lines.count { $0.hasPrefix("GET /token") } == before + 1)
  }

  @Test func exchangesAnIdentityToken() async throws {
    let registry = ScriptedRegistry { request, _ in
      if request.url.host() == "auth.example" {
        return ScriptedAnswer(200, body: #"{"access_token":"t0","refresh_token":"x"}"#)
      }
      return request.authorization == "Bearer t0"
        ? ScriptedAnswer(200, manifestHeaders, bytes: manifestBytes) : .bearer()
    }
    _ = try await registry.client(StaticCredentials(["r.example": .identityToken("a+b")])).manifest(image)
    let request = try #require(registry.seen.dropFirst().first)
    #expect(request.description == "POST /token")
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "service=r.example&grant_type=refresh_token&client_id=slipway&refresh_token=a%2Bb&scope=repository%3Ame%2Fweb%3Apull"
    )
    #expect(request.headers["Content-Type"] == ["application/x-www-form-urlencoded"])
  }

  @Test func sendsARegistryTokenAsItIs() async throws {
    let registry = registry(accepting: "Bearer ready")
    _ = try await registry.client(StaticCredentials(["r.example": .registryToken("ready")])).manifest(image)
    #expect(!registry.lines.contains { $0.hasPrefix("GET /token") })
  }

  @Test func answersABasicChallengeAndRemembersIt() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.authorization == "Basic bWU6U0VDUkVU"
        ? ScriptedAnswer(200, manifestHeaders, bytes: manifestBytes)
        : ScriptedAnswer(401, ["WWW-Authenticate": #"Basic realm="https://r.example/",service="ecr.amazonaws.com""#])
    }
    let client = registry.client(basic)
    _ = try await client.manifest(image)
    _ = try await client.manifest(image)
    #expect(registry.seen.map { $0.authorization != nil } == [false, true, true])
  }

  @Test func aPushAsksForBothRights() async throws {
    let registry = ScriptedRegistry { request, _ in
      if request.url.host() == "auth.example" { return .token("t0") }
      return request.authorization == nil ? .bearer() : ScriptedAnswer(201)
    }
    let manifest = try RawManifest(bytes: manifestBytes, mediaType: nil)
    try await registry.client().repository(image).write(manifest, tag: "1")
    #expect(registry.lines == ["PUT /v2/me/web/manifests/1", tokenQuery("pull%2Cpush"), "PUT /v2/me/web/manifests/1"])
    #expect(registry.seen.last?.body == manifestBytes)
  }

  // MARK: Refusals

  @Test func saysWhoWasRefusedAndHowToLogIn() async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(401, ["WWW-Authenticate": "Basic realm=x"]) }
    let refused = try #require(await registryError { _ = try await registry.client(basic).manifest(image) })
    #expect(refused.code == .unauthorized && refused.exitCode == .authentication)
    #expect(
      refused.diagnostic.notes.map(\.message) == ["the credentials are those of user me from the given credentials"])
    #expect(refused.diagnostic.help == ["run: docker login r.example, or: skopeo login r.example"])
    #expect(!"\(refused)".contains("SECRET"))

    let files = DockerConfigCredentials(["REGISTRY_AUTH_FILE": "/nowhere/auth.json"])
    let unknown = try #require(await registryError { _ = try await registry.client(files).manifest(image) })
    #expect(unknown.diagnostic.notes.map(\.message) == ["no credentials for r.example in /nowhere/auth.json"])
  }

  @Test func tellsALackOfRightsFromALackOfCredentials() async throws {
    let registry = ScriptedRegistry { request, _ in
      if request.url.host() == "auth.example" { return .token("t0") }
      return .bearer(#"realm="https://auth.example/token",error="insufficient_scope""#)
    }
    let known = try #require(await registryError { _ = try await registry.client(basic).manifest(image) })
    #expect(known.code == .denied && known.exitCode == .authentication)
    #expect(known.diagnostic.message == "the registry r.example does not permit to read r.example/me/web")
    let unknown = try #require(await registryError { _ = try await registry.client().manifest(image) })
    #expect(unknown.code == .unauthorized)
    #expect(unknown.diagnostic.notes.first?.message.contains("r.example/me/web may also not exist") == true)
  }

  @Test(
    "what a token server may answer",
    arguments: [
      (
        ScriptedAnswer(401, body: #"{"details":"incorrect username or password"}"#), DiagnosticCode.unauthorized,
        ExitCode.authentication
      ),
      (ScriptedAnswer(403), .unauthorized, .authentication), (ScriptedAnswer(404), .registryFailed, .unavailable),
      (ScriptedAnswer(503), .registryFailed, .unavailable), (ScriptedAnswer(429), .tooManyRequests, .unavailable),
      (ScriptedAnswer(200, body: "{}"), .registryFailed, .unavailable),
      (ScriptedAnswer(200, body: "<html>"), .registryFailed, .unavailable),
      (ScriptedAnswer(200, body: #"{"token":"a\r\nX: y"}"#), .registryFailed, .unavailable),
    ])
  func tokenServers(answer: ScriptedAnswer, code: DiagnosticCode, exitCode: ExitCode) async throws {
    let registry = ScriptedRegistry { request, _ in request.url.host() == "auth.example" ? answer : .bearer() }
    let error = await registryError { _ = try await registry.client(basic).manifest(image) }
    #expect(error?.code == code && error?.exitCode == exitCode)
    #expect(error?.diagnostic.help.count == 1)
  }

  @Test(
    "token servers that are not asked",
    arguments: [
      (#"realm="http://auth.example/token""#, DiagnosticCode.insecureTokenServer),
      (#"realm="file:///etc/passwd""#, .registryFailed), ("service=x", .registryFailed),
    ])
  func unusableRealms(parameters: String, code: DiagnosticCode) async throws {
    let registry = ScriptedRegistry { _, _ in .bearer(parameters) }
    let error = await registryError { _ = try await registry.client(basic).manifest(image) }
    #expect(error?.code == code)
    #expect(registry.lines.count == 1)
  }

  @Test func doesNotShowCredentialsWhenPrinted() {
    let provided = ProvidedCredential(.basic(user: "me", password: "SECRET"), origin: "here")
    var dumped = ""
    dump([provided, ProvidedCredential(.registryToken("SECRET"), origin: "")], to: &dumped)
    #expect(!"\(provided) \(String(reflecting: provided)) \(dumped)".contains("SECRET"))
  }

  @Test func keepsTokensAwayFromOtherHosts() async throws {
    let blob = Descriptor(mediaType: .ociLayer, of: Array("hello".utf8))
    let registry = ScriptedRegistry { request, _ in
      switch request.url.host() {
      case "auth.example": return .token("t0")
      case "cdn.example": return ScriptedAnswer(200, body: "hello")
      default:
        return request.authorization == nil
          ? .bearer() : ScriptedAnswer(307, ["Location": "https://cdn.example/blob?sig=1"])
      }
    }
    let bytes = try await registry.client(basic).repository(image).readWhole(blob)
    #expect(bytes == Array("hello".utf8))
    #expect(registry.seen.last?.url.host() == "cdn.example" && registry.seen.last?.authorization == nil)
  }
}
