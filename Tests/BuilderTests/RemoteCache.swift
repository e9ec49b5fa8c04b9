import Diagnostics
import OCI
import Synchronization
import SystemPackage

/// A layout that answers as a registry does, and notes which blobs were read.
final class RemoteCache: ImageSource, BlobSource {
  static let reference = ImageReference(registry: "registry.example", repository: "app/cache", tag: "latest")

  private let layout: ContentStore
  private let gone: Set<Digest>
  private let noted = Mutex<[Digest]>([])

  /// - Parameter gone: blobs that are not there any more.
  init(_ folder: FilePath, without gone: Set<Digest> = []) {
    layout = ContentStore(layout: folder)
    self.gone = gone
  }

  var reads: [Digest] { noted.withLock { $0 } }

  func manifest(_ reference: ImageReference) async throws -> RawManifest {
    let digest = try reference.digest ?? layout.descriptor(tagged: reference.tag).digest
    return try await layout.manifest(reference.with(digest: digest))
  }

  func blobs(of reference: ImageReference) -> any BlobSource { self }

  func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    noted.withLock { $0.append(descriptor.digest) }
    guard !gone.contains(descriptor.digest) else { throw OCIError("blob-unknown", "\(descriptor.digest) is gone") }
    return try await layout.blob(descriptor)
  }
}
