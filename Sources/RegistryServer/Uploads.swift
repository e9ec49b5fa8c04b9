import Foundation
import HTTPTypes
import HostOS
import NIOCore
import OCI
import Synchronization

/// Blobs on their way in. An upload that nobody goes on with ends after an hour, and all end with the server.
actor Uploads {
  /// In seconds.
  private static let patience: Double = 3600
  private static let limit = 1024

  private struct Entry {
    var upload: Upload
    var repository: String
    var lastUse: ContinuousClock.Instant
    var isBusy: Bool
  }

  private var entries: [String: Entry] = [:]

  /// - Throws: `Refusal` when there are too many.
  func add(_ upload: Upload, to repository: String) throws -> String {
    let now = ContinuousClock.now
    entries = entries.filter { $1.isBusy || now - $1.lastUse < .seconds(Self.patience) }
    guard entries.count < Self.limit else {
      throw Refusal(.tooManyRequests, "TOOMANYREQUESTS", "too many uploads have begun and not ended")
    }
    let id = UUID().uuidString.lowercased()
    entries[id] = Entry(upload: upload, repository: repository, lastUse: now, isBusy: false)
    return id
  }

  /// Gives an upload to one request at a time.
  /// - Throws: `Refusal`.
  func take(_ id: String, of repository: String) throws -> Upload {
    guard let entry = entries[id], entry.repository == repository else { throw Refusal.uploadUnknown }
    guard !entry.isBusy else {
      throw Refusal(.conflict, "BLOB_UPLOAD_INVALID", "another request is writing to this upload")
    }
    entries[id]?.isBusy = true
    return entry.upload
  }

  func giveBack(_ id: String) {
    entries[id]?.isBusy = false
    entries[id]?.lastUse = .now
  }

  func remove(_ id: String) { entries[id] = nil }

  func removeAll() { entries = [:] }
}

/// One blob on its way in.
final class Upload: Sendable {
  private struct State: ~Copyable {
    var ingest: BlobIngest?
    var hasher: DigestHasher
    var count: Int64 = 0
  }

  private let state: Mutex<State>

  /// - Throws: `HostError`.
  init(in store: ContentStore) throws {
    state = Mutex(State(ingest: try store.ingest(), hasher: DigestHasher(like: Digest(sha256Of: []))))
  }

  /// In bytes.
  var count: Int64 { state.withLock { $0.count } }

  /// Blocks.
  func write(_ chunk: ByteBuffer) throws {
    try state.withLock { state in
      try chunk.withUnsafeReadableBytes { bytes in
        try state.ingest?.write(bytes)
        state.hasher.update(bytes)
      }
      state.count += Int64(chunk.readableBytes)
    }
  }

  /// Gives the blob its name, and brings it to the disk. Blocks.
  /// - Throws: `Refusal` when the content has another digest; then the upload is over. `HostError`.
  func finish(as digest: Digest) throws {
    try state.withLock { state in
      guard let ingest = state.ingest.take() else { throw Refusal.uploadUnknown }
      let actual = digest.algorithm == "sha256" ? state.hasher.digest : try ingest.digest(like: digest)
      guard actual == digest else {
        throw Refusal(.badRequest, "DIGEST_INVALID", "the content has the digest \(actual), not \(digest)")
      }
      try ingest.commit(as: digest)
    }
  }
}
