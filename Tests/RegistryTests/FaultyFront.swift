import Foundation
import HTTP
import NIOHTTP1
import Synchronization
import TestSupport

/// Stands before a registry and does what networks, proxies and busy registries do: cuts, delays, refuses, damages.
/// It hands out tokens that are good for a few requests.
///
/// What happens to a request depends on the seed, on the repository, and on how many requests there were for it, so that
/// a run can be repeated though many go on at once.
final class FaultyFront: Sendable {
  enum Fault: Sendable, Hashable, CaseIterable {
    case none, cutDownload, cutUpload, tooManyRequests, serverError, storm, slow, damagedDownload, shortDownload
    case damagedUpload, wrongDigest, expiredToken, silence
  }

  private struct Line {
    var requests: UInt64 = 0
    /// So many requests are still answered by 503.
    var storm = 0
    /// So many requests are still good with the token.
    var tokenUses = 0
    var tokens = 0
  }

  private struct State {
    var lines: [String: Line] = [:]
    var faults: [Int: Fault] = [:]
    var counts: [Fault: Int] = [:]
  }

  private let seed: UInt64
  private let backend: String
  /// Of a hundred requests so many meet a fault.
  private let rate: UInt64
  private let transport = HTTPTransport.live()
  private let state = Mutex(State())

  private init(seed: UInt64, rate: UInt64, before port: Int) {
    self.seed = seed
    self.rate = rate
    backend = "http://127.0.0.1:\(port)"
  }

  /// How often each fault happened.
  var counts: [Fault: Int] { state.withLock { $0.counts } }

  static func use<Result>(
    seed: UInt64, rate: UInt64, before port: Int, _ body: (FaultyFront, _ port: Int) async throws -> Result
  ) async throws -> Result {
    let front = FaultyFront(seed: seed, rate: rate, before: port)
    return try await WebServer.serving(
      uploadLimit: { front.uploadLimit($0) }, { try await front.answer($0) },
      { _, port in try await body(front, port) })
  }

  // MARK: Faults

  /// Called before the body comes: decides what happens to the request.
  private func uploadLimit(_ request: WebServer.Request) -> Int? {
    let fault = state.withLock { state in
      let line = Self.line(of: request)
      let fault = Self.next(&state.lines[line, default: Line()], line, request, seed, rate)
      state.faults[request.number] = fault
      state.counts[fault, default: 0] += 1
      return fault
    }
    return fault == .cutUpload ? Int(Self.mixed(seed ^ UInt64(request.number)) % 20_000) : nil
  }

  /// The first part of the repository's name, as `/v2/NAME/…` or as the scope of a token has it.
  private static func line(of request: WebServer.Request) -> String {
    let path = request.path.split(separator: "/")
    if path.count > 1, path[0] == "v2" { return String(path[1]) }
    let scope = request.target.components(separatedBy: "repository%3A").dropFirst().first ?? ""
    return String(scope.prefix { $0.isLetter || $0.isNumber })
  }

  private static func next(
    _ line: inout Line, _ name: String, _ request: WebServer.Request, _ seed: UInt64, _ rate: UInt64
  ) -> Fault {
    line.requests += 1
    if line.storm > 0 {
      line.storm -= 1
      return .storm
    }
    let chance = mixed(seed ^ name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) } ^ line.requests &* 0x9E37)
    guard chance % 100 < rate else { return .none }
    var choices: [Fault] = [.tooManyRequests, .serverError, .storm, .slow, .silence, .expiredToken]
    if request.method == "GET", request.path.contains("/blobs/") {
      choices += [.cutDownload, .cutDownload, .damagedDownload, .shortDownload]
    }
    if request.method == "PUT" || request.method == "PATCH" { choices += [.cutUpload, .cutUpload, .damagedUpload] }
    if request.path.contains("/manifests/") { choices += [.wrongDigest] }
    let fault = choices[Int(mixed(chance) % UInt64(choices.count))]
    if fault == .storm { line.storm = Int(chance >> 20 & 3) + 1 }
    if fault == .expiredToken { line.tokenUses = 0 }
    return fault
  }

  /// splitmix64
  static func mixed(_ seed: UInt64) -> UInt64 {
    var mixed = seed &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  // MARK: Answers

  private func answer(_ request: WebServer.Request) async throws -> WebServer.Answer {
    let fault = state.withLock { $0.faults.removeValue(forKey: request.number) ?? .none }
    switch fault {
    case .tooManyRequests: return WebServer.Answer(429, ["Retry-After": "1"])
    case .serverError: return WebServer.Answer(500, body: Array("<html>".utf8))
    case .storm: return WebServer.Answer(503)
    case .silence: try await Task.sleep(for: .seconds(3))
    default: break
    }
    if request.path == "/token" { return token(request) }
    guard isLetIn(request) else {
      return WebServer.Answer(
        401, ["WWW-Authenticate": #"Bearer realm="http://\#(request.headers["host"] ?? "")/token",service="faulty""#])
    }
    return Self.spoiled(try await forward(request, fault), fault)
  }

  private func token(_ request: WebServer.Request) -> WebServer.Answer {
    let name = Self.line(of: request)
    return state.withLock { state in
      state.lines[name, default: Line()].tokens += 1
      let number = state.lines[name]?.tokens ?? 0
      state.lines[name]?.tokenUses = Int(Self.mixed(seed ^ UInt64(number)) % 20) + 5
      return .text(#"{"token":"\#(name)-\#(number)","expires_in":300}"#)
    }
  }

  private func isLetIn(_ request: WebServer.Request) -> Bool {
    let name = Self.line(of: request)
    return state.withLock { state in
      guard var line = state.lines[name] else { return false }
      guard request.path.split(separator: "/") != ["v2"] else { return false }
      guard request.headers["authorization"] == "Bearer \(name)-\(line.tokens)", line.tokenUses > 0 else {
        return false
      }
      line.tokenUses -= 1
      state.lines[name] = line
      return true
    }
  }

  private func forward(_ request: WebServer.Request, _ fault: Fault) async throws -> WebServer.Answer {
    var body = request.body
    if fault == .damagedUpload, !body.isEmpty { body[body.count / 2] ^= 1 }
    guard let url = URL(string: backend + request.target) else { return WebServer.Answer(400) }
    var headers: HTTPHeaders = [:]
    for name in ["content-type", "content-range", "range", "accept"] {
      if let value = request.headers[name] { headers.add(name: name, value: value) }
    }
    let response = try await transport.exchange(
      HTTPRequest(.init(rawValue: request.method), url, headers: headers, body: .bytes(body)))
    let received = try await response.body.collect(limit: 64 << 20)
    var answered: [String: String] = [:]
    for (name, value) in response.headers where !["connection", "transfer-encoding"].contains(name.lowercased()) {
      answered[name] = value
    }
    if request.method != "HEAD" { answered = answered.filter { $0.key.lowercased() != "content-length" } }
    return WebServer.Answer(response.status, answered, body: received)
  }

  private static func spoiled(_ original: WebServer.Answer, _ fault: Fault) -> WebServer.Answer {
    var answer = original
    guard answer.status < 300 else { return answer }
    switch fault {
    case .cutDownload: answer.cut = answer.body.count / 2
    case .damagedDownload: if !answer.body.isEmpty { answer.body[answer.body.count / 3] ^= 0x40 }
    case .shortDownload: answer.body.removeLast(min(answer.body.count, 7))
    case .slow: answer.pause = .milliseconds(15)
    case .wrongDigest:
      for name in answer.headers.keys where name.lowercased() == "docker-content-digest" {
        answer.headers[name] = "sha256:" + String(repeating: "ab", count: 32)
      }
    default: break
    }
    return answer
  }
}
