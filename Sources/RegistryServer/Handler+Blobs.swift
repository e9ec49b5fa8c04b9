import HTTPTypes
import HostOS
import OCI

/// distribution-spec, "Pulling blobs", "Deleting Blobs".
extension Handler {
  func getBlob(_ inquiry: Inquiry, _ name: String, _ digest: Digest) async throws -> Answer {
    guard try await contains(digest, in: name) else { throw Refusal.blobUnknown(digest.description) }
    let path = store.path(of: digest)
    let size = try await Blocking.run { try FileStatus(of: path).size }
    var answer = Answer(.ok)
    switch ByteRange(inquiry.headers[.range], of: size) {
    case .whole:
      answer.setBody(.blob(path, Descriptor(mediaType: .ociLayer, digest: digest, size: size)), length: size)
    case .part(let range):
      answer.status = .partialContent
      answer.setBody(.file(path, range), length: range.upperBound - range.lowerBound)
      answer.headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
    case .unsatisfiable:
      var refusal = Refusal(.rangeNotSatisfiable, "SIZE_INVALID", "the blob has \(size) bytes")
      refusal.headers[.contentRange] = "bytes */\(size)"
      throw refusal
    }
    answer.headers[.acceptRanges] = "bytes"
    answer.headers[.contentDigest] = digest.description
    answer.headers[.eTag] = "\"\(digest)\""
    return answer
  }

  /// The repository has the blob no more. In a store it goes with `slipway prune`, for builds may use it.
  func deleteBlob(_ name: String, _ digest: Digest) async throws -> Answer {
    guard try await contains(digest, in: name) else { throw Refusal.blobUnknown(digest.description) }
    let repository = try await repository(name)
    guard !repository.blobs.contains(digest), repository.manifests[digest] == nil else {
      throw Refusal(.methodNotAllowed, "UNSUPPORTED", "a manifest of \(name) needs the blob: delete that first")
    }
    recent.remove(digest, from: name)
    if ownsBlobs, !recent.contains(digest) {
      try await Blocking.run { [store, catalog] in
        if try !catalog.needs(digest) { try Files.removeTree(store.path(of: digest)) }
      }
    }
    var answer = Answer(.accepted)
    answer.headers[.contentLength] = "0"
    return answer
  }
}

/// What a header `Range` asks for (RFC 9110, 14.2): one range of bytes. What is not understood, and several ranges at
/// once, are the whole.
enum ByteRange: Sendable, Hashable {
  case whole
  case part(Range<Int64>)
  case unsatisfiable

  init(_ header: String?, of size: Int64) {
    self = .whole
    guard let header, header.hasPrefix("bytes="), !header.contains(",") else { return }
    let ends = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2 else { return }
    let (first, last) = (Int64(ends[0]), Int64(ends[1]))
    switch (first, last) {
    case (let first?, let last?):
      self = first < size && first <= last ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
    case (let first?, nil) where ends[1].isEmpty: self = first < size ? .part(first..<size) : .unsatisfiable
    case (nil, let count?) where ends[0].isEmpty:
      self = count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
    default: return
    }
  }
}
