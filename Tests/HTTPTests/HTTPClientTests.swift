import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
import Synchronization
import Testing

@Suite struct HTTPClientTests {
  private func client(_ script: ScriptedTransport, _ clock: TestClock = TestClock(), trace: HTTPTrace = .none)
    -> HTTPClient
  {
    HTTPClient(transport: script.transport, userAgent: "slipway/0.0.1", clock: clock.clock, trace: trace)
  }

  // MARK: Trying again

  @Test func repeatsWhatFailsInPassing() async throws {
    let script = ScriptedTransport([
      .response(503), .failure(HTTPError(.connectionLost, "cut")), .response(200, body: "hello"),
    ])
    let clock = TestClock()
    let response = try await client(script, clock).send(HTTPRequest(.GET, url("https://h.example/")))
    #expect(try await response.body.collect(limit: 10) == Array("hello".utf8))
    #expect(script.requests.count == 3)
    #expect(clock.slept == [.milliseconds(250), .milliseconds(500)])
    #expect(script.requests.allSatisfy { $0.headers["user-agent"] == ["slipway/0.0.1"] })
  }

  @Test func givesTheLastAnswerWhenAllAttemptsFail() async throws {
    let script = ScriptedTransport(Array(repeating: .response(502), count: 9))
    let response = try await client(script).send(HTTPRequest(.GET, url("https://h.example/")))
    #expect(response.status == 502)
    #expect(script.requests.count == RetryPolicy.standard.attempts)
  }

  @Test(
    "errors that will not pass are thrown at once",
    arguments: [DiagnosticCode.certificateUntrusted, .certificateWrongHost, .plainHTTPServer, .proxyFailure])
  func lastingErrors(code: DiagnosticCode) async throws {
    let script = ScriptedTransport([.failure(HTTPError(code, "no"))])
    let error = await #expect(throws: HTTPError.self) {
      try await client(script).send(HTTPRequest(.GET, url("https://h.example/")))
    }
    #expect(error?.code == code)
    #expect(error?.exitCode == .unavailable)
    #expect(error?.diagnostics.first?.help.count == 1)
    #expect(script.requests.count == 1)
  }

  @Test func neverRepeatsAStream() async throws {
    let script = ScriptedTransport([.response(503)])
    let body = HTTPRequest.Body.stream(HTTPBytes("x".utf8), length: 1)
    let response = try await client(script).send(HTTPRequest(.PUT, url("https://h.example/"), body: body))
    #expect(response.status == 503)
    #expect(script.requests.count == 1)
  }

  @Test func stopsWhenItsTaskIsCancelled() async throws {
    let script = ScriptedTransport(Array(repeating: .response(503), count: 9))
    let client = client(script)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await client.send(HTTPRequest(.GET, url("https://h.example/")))
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(script.requests.isEmpty)
  }

  // MARK: Redirects

  @Test(
    "secrets stay with their origin",
    arguments: [
      ("https://h.example/b", true), ("/b?x=1&y=%2F", true), ("https://h.example:443/b", true),
      ("https://H.example/b", true), ("https://cdn.example/b", false), ("http://h.example/b", false),
      ("https://h.example:444/b", false), ("//cdn.example/b", false),
    ])
  func secretsAndRedirects(location: String, isKept: Bool) async throws {
    let script = ScriptedTransport([.response(307, ["Location": location]), .response(200)])
    let headers: HTTPHeaders = ["Authorization": "Basic c2VjcmV0", "Cookie": "a=b", "Range": "bytes=5-"]
    let response = try await client(script).send(HTTPRequest(.GET, url("https://h.example/a"), headers: headers))
    #expect(response.status == 200)
    let last = try #require(script.requests.last)
    #expect(last.headers.contains(name: "Authorization") == isKept)
    #expect(last.headers.contains(name: "Cookie") == isKept)
    #expect(last.headers["Range"] == ["bytes=5-"])
    if location.hasPrefix("/b") { #expect(last.url.absoluteString == "https://h.example/b?x=1&y=%2F") }
  }

  @Test(
    "what a redirect does to the method",
    arguments: [
      (HTTPMethod.GET, 301, "GET"), (.HEAD, 302, "HEAD"), (.POST, 303, "GET"), (.PUT, 307, "PUT"),
      (.POST, 308, "POST"), (.POST, 301, nil), (.PUT, 302, nil),
    ] as [(HTTPMethod, Int, String?)])
  func methods(method: HTTPMethod, status: Int, next: String?) async throws {
    let script = ScriptedTransport([.response(status, ["Location": "/b"]), .response(200)])
    let response = try await client(script).send(
      HTTPRequest(method, url("https://h.example/a"), body: method == .GET ? .none : .bytes([1])))
    #expect(script.requests.dropFirst().first?.method.rawValue == next)
    #expect(response.status == (next == nil ? status : 200))
    if next == "GET", method == .POST, case .bytes = script.requests[1].body { Issue.record("the body was sent on") }
  }

  @Test func endsInAnErrorAfterTooManyRedirects() async throws {
    let script = ScriptedTransport(Array(repeating: .response(302, ["Location": "/again"]), count: 20))
    let error = await #expect(throws: HTTPError.self) {
      try await client(script).send(HTTPRequest(.GET, url("https://me:pw@h.example/a?sig=secret")))
    }
    #expect(error?.code == .tooManyRedirects)
    #expect(error?.message == "https://h.example/a?sig=[hidden] redirects more than 10 times")
    #expect(script.requests.count == 11)
  }

  @Test("only the web is followed", arguments: ["file:///etc/passwd", "ftp://h/", "javascript:1", "https://"])
  func otherSchemes(location: String) async throws {
    let script = ScriptedTransport([.response(302, ["Location": location])])
    let error = await #expect(throws: HTTPError.self) {
      try await client(script).send(HTTPRequest(.GET, url("https://h.example/a")))
    }
    #expect(error?.code == .invalidRedirect)
  }

  // MARK: What is shown

  @Test(
    "addresses are shown without secrets",
    arguments: [
      ("https://u:p@h.example:5000/v2/?digest=sha256:ab", "https://h.example:5000/v2/?digest=sha256:ab"),
      (
        "https://s3/x?X-Amz-Signature=abc&X-Amz-Credential=d",
        "https://s3/x?X-Amz-Signature=[hidden]&X-Amz-Credential=[hidden]"
      ),
      ("https://h/?_state=abc&scope=repository:a:pull", "https://h/?_state=[hidden]&scope=repository:a:pull"),
      ("https://h/a?flag#access_token=x", "https://h/a?flag"), ("https://h/", "https://h/"),
    ])
  func redactedAddresses(text: String, shown: String) throws {
    #expect(try Redaction.url(url(text)) == shown)
  }

  @Test func theTraceHoldsNoSecrets() async throws {
    let events = Mutex<[HTTPTrace.Event]>([])
    let script = ScriptedTransport([
      .response(307, ["Location": "https://s3.example/x?X-Amz-Signature=SECRET", "Set-Cookie": "SECRET"]),
      .response(503), .response(307, ["Location": "https://s3.example/x?X-Amz-Signature=SECRET"]), .response(200),
    ])
    let trace = HTTPTrace { event in events.withLock { $0.append(event) } }
    let request = HTTPRequest(.GET, try url("https://u:SECRET@h.example/"), headers: ["authorization": "Bearer SECRET"])
    _ = try await client(script, trace: trace).send(request)
    let seen = events.withLock { $0 }
    #expect(seen.count == 11)
    #expect(!"\(seen) \(seen.map(String.init(reflecting:)))".contains("SECRET"))
    #expect(seen.contains { $0.description == "< 503 https://s3.example/x?X-Amz-Signature=[hidden]" })
  }

  @Test func limitsWhatIsReadWhole() async throws {
    let bytes = HTTPBytes("hello".utf8)
    let error = await #expect(throws: HTTPError.self) { try await bytes.collect(limit: 4) }
    #expect(error?.code == .responseTooLarge)
    #expect(try await HTTPBytes("hello".utf8).collect(limit: 5).count == 5)
  }
}
