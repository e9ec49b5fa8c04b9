import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOCore
import NIOHTTP1
public import OCI
import SystemPackage

/// Files over HTTP.
extension RemoteFetcher {
  private var folder: FilePath { root.appending("http") }

  private func contentPath(_ digest: Digest) -> FilePath { folder.appending("sha256").appending(digest.hex) }

  /// Fetches a file, or finds out that it is here already: by its checksum without asking, else by asking the server
  /// whether it has changed (RFC 9110, 13).
  ///
  /// Broken transfers are begun again by the client's policy. Nobody but the host of the URL sees its secrets.
  /// - Parameter progress: bytes so far, and of all where the server says so.
  /// - Throws: `RemoteSourceError`, `HTTPError`, `HostError`, what the secrets throw, `CancellationError`.
  public func file(
    _ text: String, checksum: Digest? = nil, progress: @Sendable (Int64, Int64?) -> Void = { _, _ in }
  ) async throws -> RemoteFile {
    guard let url = URL(string: text), let host = url.host(), !host.isEmpty,
      ["http", "https"].contains(url.scheme?.lowercased())
    else { throw HTTPError(.invalidURL, "\"\(RemoteFetcher.shown(text))\" is not an address of the web") }
    if let checksum, checksum.algorithm != "sha256" {
      throw RemoteSourceError(
        "unsupported-checksum", "files are checked by SHA-256, not by \(checksum.algorithm)",
        help: ["write --checksum=sha256: and what sha256sum prints"], exitCode: .usage)
    }
    let key = SHA256Hasher.hex(of: text.utf8)
    return try await exclusively(folder.appending("locks").appending(key)) {
      let record = folder.appending("urls").appending(key)
      let known = try await known(at: record)
      if let known, let checksum, known.record.digest == checksum {
        markUsed(record, known.file)
        return known.file
      }
      let file = try await fetch(url, known, checksum, record, progress)
      markUsed(record, file)
      if let checksum, file.digest != checksum { throw Self.mismatch(url, expected: checksum, found: file.digest) }
      return file
    }
  }

  /// The time of the last use, by which stores are pruned.
  private func markUsed(_ record: FilePath, _ file: RemoteFile) {
    for path in [record, file.path] { try? Files.setTime(path, .now) }
  }

  /// A URL that may not be one, without what may be a password.
  private static func shown(_ text: String) -> String { URL(string: text).map(Redaction.url) ?? Redaction.mark }

  // MARK: What is here

  private struct Known: Sendable {
    var record: RemoteFileRecord
    var file: RemoteFile
  }

  /// Nil unless the content is here and is what it was.
  private func known(at path: FilePath) async throws -> Known? {
    guard try FileStatus.ifExists(path) != nil,
      let record = try? JSONDocument.decode(
        RemoteFileRecord.self, from: Files.read(path, limit: 1 << 20), called: path.string)
    else { return nil }
    let content = contentPath(record.digest)
    let isIntact = try await Blocking.run {
      guard try FileStatus.ifExists(content)?.size == record.size else { return false }
      var hasher = SHA256Hasher()
      try Files.withDescriptor(content, .readOnly) { try Files.readChunks($0, content) { hasher.update($0) } }
      return hasher.finalizeHex() == record.digest.hex
    }
    return isIntact ? Known(record: record, file: remoteFile(record, isReused: true)) : nil
  }

  private func remoteFile(_ record: RemoteFileRecord, isReused: Bool) -> RemoteFile {
    let time = record.lastModified.flatMap { HTTPDate.secondsSince1970($0) }
    return RemoteFile(
      path: contentPath(record.digest), digest: record.digest, size: record.size,
      lastModified: time.map { Timestamp(seconds: $0) }, isReused: isReused)
  }

  // MARK: Asking

  private func fetch(
    _ url: URL, _ known: Known?, _ checksum: Digest?, _ recordPath: FilePath,
    _ progress: @Sendable (Int64, Int64?) -> Void
  ) async throws -> RemoteFile {
    let request = try await request(url, known)
    var attempt = 1
    while true {
      let response = try await client.send(request)
      if response.status == 304, let known { return known.file }
      guard response.isSuccess else { throw try await Self.refusal(response, url) }
      do {
        return try await save(response, recordPath, checksum, url, progress)
      } catch let error as HTTPError where error.isTransient {
        guard let pause = client.retryPolicy.pause(afterAttempt: attempt, clock: client.clock) else { throw error }
        try await client.clock.sleep(pause)
        attempt += 1
      }
    }
  }

  private func request(_ url: URL, _ known: Known?) async throws -> HTTPRequest {
    // What is stored compressed is to come as it is stored.
    var headers: HTTPHeaders = ["Accept": "*/*", "Accept-Encoding": "identity"]
    if let tag = known?.record.entityTag {
      headers.add(name: "If-None-Match", value: tag)
    } else if let date = known?.record.lastModified {
      headers.add(name: "If-Modified-Since", value: date)
    }
    var parts = URLComponents(url: url, resolvingAgainstBaseURL: true)
    if let authorization = try await secrets.authorization(host: url.host() ?? "") {
      headers.add(name: "Authorization", value: authorization)
    } else if let user = parts?.user {
      headers.add(
        name: "Authorization", value: BasicAuthorization.header(user: user, password: parts?.password ?? ""))
    }
    parts?.user = nil
    parts?.password = nil
    parts?.fragment = nil
    return HTTPRequest(.GET, parts?.url ?? url, headers: headers)
  }

  private static func refusal(_ response: HTTPResponse, _ url: URL) async throws -> RemoteSourceError {
    let shown = Redaction.url(url)
    let host = url.host() ?? "HOST"
    // What is left of the answer is of no use, but a connection that is read to its end can be used again.
    _ = try? await response.body.collect(limit: 1 << 16)
    let status = "the server answers with status \(response.status)"
    switch response.status {
    case 401, 403, 407:
      return RemoteSourceError(
        "download-denied", "\(shown) may not be fetched: \(status)",
        help: [
          "give the build a token for it: --secret id=HTTP_AUTH_TOKEN_\(host),src=FILE",
          "or a whole header: --secret id=HTTP_AUTH_HEADER_\(host),src=FILE",
        ], exitCode: .authentication)
    case 404, 410:
      return RemoteSourceError("download-missing", "there is no \(shown): \(status)", help: ["check the address"])
    case 500...:
      return RemoteSourceError(
        "download-failed", "\(shown) cannot be fetched now: \(status)", help: ["try again later"],
        exitCode: .unavailable)
    default:
      return RemoteSourceError(
        "download-failed", "\(shown) cannot be fetched: \(status)", help: ["open the address in a browser to see why"])
    }
  }

  // MARK: Keeping

  private func save(
    _ response: HTTPResponse, _ recordPath: FilePath, _ checksum: Digest?, _ url: URL,
    _ progress: @Sendable (Int64, Int64?) -> Void
  ) async throws -> RemoteFile {
    var download = try Download(in: folder.appending("incoming"))
    let total = response.headers.first(name: "Content-Length").flatMap { Int64($0) }
    progress(0, total)
    for try await chunk in response.body {
      try Task.checkCancellation()
      try chunk.withUnsafeReadableBytes { try download.write($0) }
      progress(download.size, total)
    }
    let digest = try download.digest()
    // What was not asked for is not kept.
    if let checksum, digest != checksum { throw Self.mismatch(url, expected: checksum, found: digest) }
    let record = RemoteFileRecord(
      entityTag: response.headers.first(name: "ETag"), lastModified: response.headers.first(name: "Last-Modified"),
      digest: digest, size: download.size)
    try download.keep(at: contentPath(digest))
    try Files.createDirectories(recordPath.removingLastComponent())
    try Files.writeAtomically(try JSONDocument.encode(record), to: recordPath)
    return remoteFile(record, isReused: false)
  }

  private static func mismatch(_ url: URL, expected: Digest, found: Digest) -> RemoteSourceError {
    RemoteSourceError(
      "checksum-mismatch", "\(Redaction.url(url)) is not the file that was asked for",
      notes: ["expected \(expected)", "fetched  \(found)"],
      help: ["if the file was changed on purpose, write its new digest; else do not use it"])
  }
}
