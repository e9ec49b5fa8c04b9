import Archive
import Diagnostics
import HostOS
import NIOCore
import OCI

/// What was found in a blob.
enum BlobFinding: Sendable {
  case fault(String)
  /// A layer, with its diff ID and how it is compressed.
  case layer(diffID: Digest, form: String?)
  case document([UInt8])
  /// Anything else, as it should be.
  case blob
}

/// Reads blobs to their ends.
struct BlobChecker: Sendable {
  let blobs: any BlobSource
  let step: ProgressStep

  /// - Throws: what keeps it from being read, other than the blob itself.
  func check(_ blob: Descriptor) async throws -> BlobFinding {
    do {
      let finding = try await read(blob)
      step.transferred(blob.digest.short, completed: blob.size, of: blob.size)
      return finding
    } catch let error as CancellationError { throw error } catch {
      return .fault(try ImageValidation.message(of: error))
    }
  }

  private func read(_ blob: Descriptor) async throws -> BlobFinding {
    if blob.mediaType.isConfiguration { return .document(try await blobs.readWhole(blob)) }
    let (digest, size) = (blob.digest.short, blob.size)
    let stream = try await blobs.blob(blob).verified(as: blob)
    let progress: @Sendable (Int64) -> Void = { count in
      if count < size { step.transferred(digest, completed: count, of: size) }
    }
    guard blob.mediaType.form != nil else {
      return try await stream.reading(progress: progress) { _ in .blob }
    }
    return try await stream.reading(progress: progress) { reader in
      var expectation = LayerExpectation(sha256Hex: blob.digest.hex, size: blob.size)
      expectation.isSourceVerified = true
      let layer = try LayerReader(StreamSource(reader: reader), options: .init(expectation: expectation))
      let summary = try layer.finish().summary
      guard let diffID = Digest(sha256Hex: summary.diffIDSHA256Hex) else { return .fault("it has no digest") }
      return .layer(diffID: diffID, form: summary.compression.rawValue)
    }
  }
}

/// A blob as it comes.
struct StreamSource: ByteSource {
  let reader: BlobReader

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try reader.read(into: buffer) }
}
