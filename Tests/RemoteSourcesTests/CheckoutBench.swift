import Diagnostics
import DockerfileSyntax
import HTTP
import HostOS
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import RemoteSources

/// Repositories, their server, and a place to fetch them to.
struct CheckoutBench {
  let scratch: Scratch
  let host: GitHost

  init() throws {
    scratch = try Scratch("checkout")
    host = try GitHost(in: scratch("host"))
  }

  func fetcher(
    _ secrets: [String: String] = [:], _ environment: Environment = .current, store: String = "store"
  ) -> RemoteFetcher {
    RemoteFetcher(
      root: scratch(store), client: HTTPClient(transport: .live(), userAgent: "slipway/test"),
      environment: environment, secrets: RemoteSecrets { secrets[$0].map { Array($0.utf8) } })
  }

  func reference(_ port: Int, _ rest: String) throws -> GitReference {
    try #require(try GitReference.parse("http://127.0.0.1:\(port)/\(rest)"))
  }

  /// All files below a folder, with what they say.
  func files(in folder: FilePath) throws -> [String: String] {
    var found: [String: String] = [:]
    for name in try Files.names(in: folder) {
      let path = folder.appending(name)
      switch try FileStatus(of: path).kind {
      case .directory:
        for (inner, text) in try files(in: path) { found["\(name.string)/\(inner)"] = text }
      case .symbolicLink: found[name.string] = "-> \(try Files.symbolicLinkTarget(path))"
      default: found[name.string] = String(decoding: try Files.read(path), as: UTF8.self)
      }
    }
    return found
  }

  func expect(_ port: Int, _ text: String, _ commit: String) async throws {
    let checkout = try await fetcher().checkout(try reference(port, text))
    #expect(checkout.commit == commit)
  }

  func serving<Result>(_ body: (WebServer, Int) async throws -> Result) async throws -> Result {
    let host = host
    return try await WebServer.serving({ try await host.answer($0) }, body)
  }

  func failure(
    _ reference: GitReference, _ fetcher: RemoteFetcher? = nil
  ) async throws -> Diagnostic {
    let error = try await #require(throws: RemoteSourceError.self) {
      try await (fetcher ?? self.fetcher()).checkout(reference)
    }
    let diagnostic = try #require(error.diagnostics.first)
    #expect(!diagnostic.help.isEmpty)
    return diagnostic
  }

  /// A repository `app` with two commits, a branch, a light and an annotated tag.
  func makeApp() async throws -> (first: String, second: String, feature: String) {
    let work = try await host.create("app")
    try scratch.write(["a.txt": "one", "sub/run.sh": .file("#!/bin/sh\n", mode: 0o755)], in: "host/work-app")
    let first = try await host.commit(work)
    try await host.git(["tag", "light"], in: work)
    try await host.git(["tag", "-a", "-m", "A tag", "marked"], in: work)
    try scratch.write(["a.txt": "two", "link": .symbolicLink("a.txt")], in: "host/work-app")
    let second = try await host.commit(work)
    try await host.git(["checkout", "--quiet", "-b", "feature/x", "light"], in: work)
    try scratch.write(["a.txt": "three"], in: "host/work-app")
    let feature = try await host.commit(work)
    return (first, second, feature)
  }

  func addSubmodule(_ path: String, of source: FilePath, to work: FilePath) async throws {
    let commit = try await host.git(["rev-parse", "HEAD"], in: source)
    try await host.git(["add", "--all"], in: work)
    try await host.git(["update-index", "--add", "--cacheinfo", "160000,\(commit),\(path)"], in: work)
    try Files.createDirectories(work.appending(path))
    try await host.git(["commit", "--quiet", "-m", "Submodule"], in: work)
    try await host.push(work)
  }
}
