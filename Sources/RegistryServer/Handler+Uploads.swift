import HTTPTypes
import HostOS
import NIOCore
import OCI

/// distribution-spec, "Pushing blobs", "Mounting a blob from another repository".
extension Handler {
  func beginUpload(_ inquiry: Inquiry, _ name: String) async throws -> Answer {
    if let text = inquiry.parameter("mount") {
      let digest = try Self.digest(text)
      if try await canMount(digest, from: inquiry.parameter("from")) {
        recent.insert(digest, in: name)
        return stored(digest, in: name)
      }
      return try await session(name)
    }
    guard let text = inquiry.parameter("digest") else { return try await session(name) }
    let digest = try Self.digest(text)
    let upload = try await Blocking.run { [store] in try Upload(in: store) }
    try await receive(inquiry, upload)
    return try await finish(upload, as: digest, in: name)
  }

  /// Without a repository to mount from, any may have it (distribution-spec, "automatic content discovery").
  private func canMount(_ digest: Digest, from other: String?) async throws -> Bool {
    if let other { return try await contains(digest, in: other) }
    guard store.contains(digest) else { return false }
    if recent.contains(digest) { return true }
    return try await Blocking.run { [catalog] in try catalog.needs(digest) }
  }

  private func session(_ name: String) async throws -> Answer {
    let upload = try await Blocking.run { [store] in try Upload(in: store) }
    let id = try await uploads.add(upload, to: name)
    return progress(.accepted, upload, id, in: name)
  }

  func uploadStatus(_ name: String, _ id: String) async throws -> Answer {
    let upload = try await uploads.take(id, of: name)
    await uploads.giveBack(id)
    return progress(.noContent, upload, id, in: name)
  }

  func continueUpload(_ inquiry: Inquiry, _ name: String, _ id: String) async throws -> Answer {
    try await using(id, of: name) { upload in
      try check(inquiry, upload, id, in: name)
      try await receive(inquiry, upload)
      return progress(.accepted, upload, id, in: name)
    }
  }

  func endUpload(_ inquiry: Inquiry, _ name: String, _ id: String) async throws -> Answer {
    guard let text = inquiry.parameter("digest") else { throw Refusal.digestInvalid("") }
    let digest = try Self.digest(text)
    let answer = try await using(id, of: name) { upload in
      try check(inquiry, upload, id, in: name)
      try await receive(inquiry, upload)
      do { return try await finish(upload, as: digest, in: name) } catch {
        await uploads.remove(id)
        throw error
      }
    }
    await uploads.remove(id)
    return answer
  }

  func cancelUpload(_ name: String, _ id: String) async throws -> Answer {
    _ = try await uploads.take(id, of: name)
    await uploads.remove(id)
    return Answer(.noContent)
  }

  // MARK: Parts

  private func using(
    _ id: String, of name: String, _ body: (Upload) async throws -> Answer
  ) async throws -> Answer {
    let upload = try await uploads.take(id, of: name)
    do {
      let answer = try await body(upload)
      await uploads.giveBack(id)
      return answer
    } catch let error as HostError {
      // Nobody knows how much of a chunk was written.
      await uploads.remove(id)
      throw error
    } catch {
      await uploads.giveBack(id)
      throw error
    }
  }

  /// A chunk begins where the last one ended.
  private func check(_ inquiry: Inquiry, _ upload: Upload, _ id: String, in name: String) throws {
    guard let header = inquiry.headers[.contentRange] else { return }
    let ends = header.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else {
      throw Refusal(.badRequest, "BLOB_UPLOAD_INVALID", "\"\(header)\" is no range; write FIRST-LAST, without bytes")
    }
    guard first == upload.count else {
      var refusal = Refusal(
        .rangeNotSatisfiable, "BLOB_UPLOAD_INVALID", "the next byte to be sent is \(upload.count), not \(first)")
      refusal.headers = progress(.accepted, upload, id, in: name).headers
      throw refusal
    }
    if let length = inquiry.announcedLength, length != last - first + 1 {
      throw Refusal(.badRequest, "SIZE_INVALID", "the range \(header) and the length \(length) differ")
    }
  }

  /// Writes the body in pieces of some size, off the threads that serve the network. What came before the connection
  /// was cut is kept, so that the client can go on behind it.
  private func receive(_ inquiry: Inquiry, _ upload: Upload) async throws {
    var waiting = ByteBuffer()
    var failure: (any Error)?
    do {
      try await inquiry.readBody { chunk in
        waiting.writeImmutableBuffer(chunk)
        guard waiting.readableBytes >= 512 << 10 else { return }
        let piece = waiting
        waiting = ByteBuffer()
        try await Blocking.run { try upload.write(piece) }
      }
    } catch { failure = error }
    let piece = waiting
    if piece.readableBytes > 0, !(failure is HostError) { try await Blocking.run { try upload.write(piece) } }
    if let failure { throw failure }
  }

  private func finish(_ upload: Upload, as digest: Digest, in name: String) async throws -> Answer {
    try await Blocking.run { try upload.finish(as: digest) }
    recent.insert(digest, in: name)
    return stored(digest, in: name)
  }

  private func stored(_ digest: Digest, in name: String) -> Answer {
    var answer = Answer(.created)
    answer.headers[.location] = "/v2/\(name)/blobs/\(digest)"
    answer.headers[.contentDigest] = digest.description
    answer.headers[.contentLength] = "0"
    return answer
  }

  private func progress(_ status: HTTPResponse.Status, _ upload: Upload, _ id: String, in name: String) -> Answer {
    var answer = Answer(status)
    answer.headers[.location] = "/v2/\(name)/blobs/uploads/\(id)"
    answer.headers[.range] = "0-\(max(0, upload.count - 1))"
    answer.headers[.uploadID] = id
    if status != .noContent { answer.headers[.contentLength] = "0" }
    return answer
  }
}
