import Diagnostics
import DockerfileSyntax
import Foundation
import HTTP
import HostOS
import OCI
import RemoteSources
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct RemoteFileTests {
  private let scratch: Scratch
  private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

  init() throws { scratch = try Scratch("remote-file") }

  private func fetcher(_ secrets: [String: String] = [:]) -> RemoteFetcher {
    RemoteFetcher(
      root: scratch("store"),
      client: HTTPClient(
        transport: .live(), userAgent: "slipway/test", clock: HTTPClock(now: { 0 }, sleep: { _ in }, random: { 0 })),
      environment: .current, secrets: RemoteSecrets { secrets[$0].map { Array($0.utf8) } })
  }

  private func digest(_ text: String) -> Digest { Digest(sha256Of: text.utf8) }

  private func text(_ file: RemoteFile) throws -> String { String(decoding: try Files.read(file.path), as: UTF8.self) }

  private func entries(_ folder: String) throws -> [String] {
    guard try FileStatus.ifExists(scratch(folder)) != nil else { return [] }
    return try Files.names(in: scratch(folder)).map(\.string)
  }

  @Test func fetchesAFile() async throws {
    let progress = Mutex<[String]>([])
    try await WebServer.serving({ _ in .text("hello", ["Last-Modified": Self.date]) }) { server, port in
      let file = try await fetcher().file("http://127.0.0.1:\(port)/a?b=c#d") { done, total in
        progress.withLock { $0.append("\(done)/\(total ?? -1)") }
      }
      #expect(try text(file) == "hello")
      #expect(file.digest == digest("hello"))
      #expect(file.size == 5)
      #expect(file.lastModified == Timestamp(seconds: 784_111_777))
      #expect(!file.isReused)
      #expect(server.requests.map(\.target) == ["/a?b=c"])
      #expect(server.requests.first?.headers["accept-encoding"] == "identity")
    }
    #expect(progress.withLock { $0.first } == "0/5")
    #expect(progress.withLock { $0.last } == "5/5")
    #expect(try entries("store/http/incoming") == [])
  }

  @Test(
    "what the server can tell of changes by",
    arguments: [
      (["ETag": "\"1\""], "if-none-match", "\"1\""),
      (["ETag": "W/\"1\"", "Last-Modified": date], "if-none-match", "W/\"1\""),
      (["Last-Modified": date], "if-modified-since", date),
    ])
  func asksWhetherItHasChanged(headers: [String: String], asked: String, value: String) async throws {
    try await WebServer.serving({ request in
      request.headers[asked] == value ? .init(304, headers) : .text("hello", headers)
    }) { server, port in
      let address = "http://127.0.0.1:\(port)/a"
      let first = try await fetcher().file(address)
      let second = try await fetcher().file(address)
      #expect(second.isReused)
      #expect(second.path == first.path)
      #expect(second.lastModified == first.lastModified)
      #expect(try text(second) == "hello")
      #expect(server.requests.count == 2)
    }
  }

  @Test func fetchesWhatHasChanged() async throws {
    let content = Mutex("one")
    try await WebServer.serving({ _ in .text(content.withLock { $0 }, ["ETag": "\"\(content.withLock { $0 })\""]) }) {
      _, port in
      let address = "http://127.0.0.1:\(port)/a"
      let first = try await fetcher().file(address)
      content.withLock { $0 = "two" }
      let second = try await fetcher().file(address)
      #expect(try text(first) == "one")
      #expect(try text(second) == "two")
      #expect(!second.isReused)
    }
  }

  @Test func fetchesAgainWhatWasDamaged() async throws {
    try await WebServer.serving({ request in
      request.headers["if-none-match"] == nil ? .text("hello", ["ETag": "\"1\""]) : .init(304)
    }) { server, port in
      let address = "http://127.0.0.1:\(port)/a"
      let file = try await fetcher().file(address)
      try Files.writeAtomically(Array("hellO".utf8), to: file.path)
      let again = try await fetcher().file(address)
      #expect(try text(again) == "hello")
      #expect(!again.isReused)
      #expect(server.requests.count == 2)
    }
  }

  @Test func takesAKnownFileByItsChecksumWithoutAsking() async throws {
    try await WebServer.serving({ _ in .text("hello", ["Last-Modified": Self.date]) }) { server, port in
      let address = "http://127.0.0.1:\(port)/a"
      let first = try await fetcher().file(address, checksum: digest("hello"))
      let second = try await fetcher().file(address, checksum: digest("hello"))
      #expect(second.isReused)
      #expect(second.lastModified == first.lastModified)
      #expect(server.requests.count == 1)
    }
  }

  @Test func refusesAnotherFileThanWasAskedFor() async throws {
    try await WebServer.serving({ _ in .text("evil", ["ETag": "\"1\""]) }) { _, port in
      let address = "http://me:secret@127.0.0.1:\(port)/a?token=secret"
      let error = try await #require(throws: RemoteSourceError.self) {
        try await fetcher().file(address, checksum: digest("hello"))
      }
      let diagnostic = try #require(error.diagnostics.first)
      #expect(diagnostic.code == "checksum-mismatch")
      #expect(diagnostic.notes.map(\.message) == ["expected \(digest("hello"))", "fetched  \(digest("evil"))"])
      #expect(!diagnostic.message.contains("secret"))
    }
    #expect(try entries("store/http/incoming") == [])
    #expect(try entries("store/http/sha256") == [])
    #expect(try entries("store/http/urls") == [])
  }

  @Test func refusesAChecksumOfAnotherKind() async throws {
    let checksum = try #require(Digest("sha512:" + String(repeating: "a", count: 128)))
    let error = await #expect(throws: RemoteSourceError.self) {
      try await fetcher().file("http://127.0.0.1:1/a", checksum: checksum)
    }
    #expect(error?.diagnostics.first?.code == "unsupported-checksum")
    #expect(error?.exitCode == .usage)
  }

  @Test(
    "what the server does not give",
    arguments: [
      (401, DiagnosticCode("download-denied"), ExitCode.authentication), (403, "download-denied", .authentication),
      (404, "download-missing", .failure), (410, "download-missing", .failure), (418, "download-failed", .failure),
      (501, "download-failed", .unavailable), (304, "download-failed", .failure),
    ])
  func refusals(status: Int, code: DiagnosticCode, exitCode: ExitCode) async throws {
    try await WebServer.serving({ _ in .init(status) }) { _, port in
      let error = try await #require(throws: RemoteSourceError.self) {
        try await fetcher().file("http://u:hidden@127.0.0.1:\(port)/a")
      }
      let diagnostic = try #require(error.diagnostics.first)
      #expect(diagnostic.code == code)
      #expect(diagnostic.message.contains("http://127.0.0.1:\(port)/a"))
      #expect(diagnostic.message.contains("\(status)"))
      #expect(!diagnostic.help.isEmpty)
      #expect(error.exitCode == exitCode)
    }
  }

  @Test("what is no address", arguments: ["", "ftp://h/x", "http:///x", "/x", "http://[::1"])
  func addresses(text: String) async throws {
    let error = await #expect(throws: HTTPError.self) { try await fetcher().file(text) }
    #expect(error?.code == .invalidURL)
  }

  @Test func triesAgainWhatIsRefusedInPassingOrCut() async throws {
    let answers = Mutex<[WebServer.Answer]>([
      .init(503), .init(200, body: Array(repeating: 7, count: 100_000), cut: 50_000),
      .init(200, body: Array(repeating: 7, count: 100_000)),
    ])
    try await WebServer.serving({ _ in answers.withLock { $0.removeFirst() } }) { server, port in
      let file = try await fetcher().file("http://127.0.0.1:\(port)/a")
      #expect(file.size == 100_000)
      #expect(file.digest == Digest(sha256Of: [UInt8](repeating: 7, count: 100_000)))
      #expect(server.requests.count == 3)
    }
    #expect(try entries("store/http/incoming") == [])
  }

  @Test(
    "secrets",
    arguments: [
      (["HTTP_AUTH_HEADER_127.0.0.1": "Token x\n"], "http://", "Token x"),
      (["HTTP_AUTH_TOKEN_127.0.0.1": "abc"], "http://", "Bearer abc"),
      (["HTTP_AUTH_HEADER_127.0.0.1": "h", "HTTP_AUTH_TOKEN_127.0.0.1": "abc"], "http://", "Bearer abc"),
      (["HTTP_AUTH_TOKEN_127.0.0.1": "abc"], "http://u:p@", "Bearer abc"),
      (["HTTP_AUTH_TOKEN_example.com": "abc"], "http://u:p%40@", "Basic dTpwQA=="),
      ([:], "http://", nil),
    ] as [([String: String], String, String?)])
  func authorizes(secrets: [String: String], start: String, header: String?) async throws {
    try await WebServer.serving({ _ in .text("x") }) { server, port in
      _ = try await fetcher(secrets).file("\(start)127.0.0.1:\(port)/a")
      #expect(server.requests.first?.headers["authorization"] == header)
    }
  }

  @Test func refusesASecretThatIsNoHeader() async throws {
    let error = await #expect(throws: RemoteSourceError.self) {
      try await fetcher(["HTTP_AUTH_TOKEN_127.0.0.1": "a\nX: b"]).file("http://127.0.0.1:1/")
    }
    #expect(error?.diagnostics.first?.code == "unusable-secret")
  }

  @Test func keepsSecretsFromOtherHosts() async throws {
    try await WebServer.serving({ _ in .text("there") }) { other, otherPort in
      try await WebServer.serving({ _ in .init(302, ["Location": "http://127.0.0.1:\(otherPort)/b"]) }) { _, port in
        let file = try await fetcher(["HTTP_AUTH_TOKEN_127.0.0.1": "abc"]).file("http://127.0.0.1:\(port)/a")
        #expect(try text(file) == "there")
        #expect(other.requests.map(\.path) == ["/b"])
        #expect(other.requests.first?.headers["authorization"] == nil)
      }
    }
  }

  @Test func fetchesOnceForManyBuilds() async throws {
    try await WebServer.serving({ request in
      request.headers["if-none-match"] == nil ? .text("hello", ["ETag": "\"1\""]) : .init(304, ["ETag": "\"1\""])
    }) { server, port in
      let files = try await withThrowingTaskGroup(of: RemoteFile.self) { group in
        for _ in 0..<8 { group.addTask { try await fetcher().file("http://127.0.0.1:\(port)/a") } }
        return try await group.reduce(into: [RemoteFile]()) { $0.append($1) }
      }
      #expect(Set(files.map(\.path)).count == 1)
      #expect(files.filter { !$0.isReused }.count == 1)
      #expect(server.requests.filter { $0.headers["if-none-match"] == nil }.count == 1)
    }
  }

  @Test func leavesNothingBehindWhenItIsCancelled() async throws {
    let (asked, tell) = AsyncStream.makeStream(of: Void.self)
    try await WebServer.serving({ _ in
      tell.yield()
      return .init(200, ["Content-Length": "1000000"], body: Array(repeating: 1, count: 1000))
    }) { _, port in
      let task = Task { try await fetcher().file("http://127.0.0.1:\(port)/a") }
      for await _ in asked { break }
      task.cancel()
      await #expect(throws: (any Error).self) { try await task.value }
    }
    #expect(try entries("store/http/incoming") == [])
    #expect(try entries("store/http/urls") == [])
  }
}
