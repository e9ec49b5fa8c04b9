import Diagnostics
public import OCI
import Synchronization

extension RegistryClient: ImageSource {
  /// The blobs of an image at the first place that has them, its mirrors first.
  public func blobs(of reference: ImageReference) -> any BlobSource {
    do {
      let places = try configuration.places(for: reference)
      // A repository that is known as such can have its blobs mounted.
      if places.count == 1 { return repository(places[0]) }
    } catch let error as RegistryError {
      var repository = repository(reference)
      repository.refusal = error
      return repository
    } catch {}
    return MirroredBlobs(client: self, reference: reference)
  }

  /// Asks the places that may have an image, one after another, until one answers. The one that answered is the first to
  /// be asked the next time.
  /// - Throws: the error of the registry itself, with those of the mirrors as its notes.
  func atFirstPlace<Answer: Sendable>(
    of reference: ImageReference, _ ask: (RegistryRepository) async throws -> Answer
  ) async throws -> Answer {
    let all = try configuration.places(for: reference)
    guard all.count > 1 else { return try await ask(repository(all[0])) }
    let remembered = places.place(of: reference)
    var own: RegistryError?
    var ofMirrors: [RegistryError] = []
    for place in all.filter({ $0 == remembered }) + all.filter({ $0 != remembered }) {
      do {
        let answer = try await ask(repository(place))
        places.remember(place, for: reference)
        return answer
      } catch let error as RegistryError {
        if place.isMirror { ofMirrors.append(error) } else { own = error }
      }
    }
    throw RegistryError(own, mirrors: ofMirrors)
  }

  /// The repository that a name leads to, without its mirrors, for what they need not know all of.
  /// - Throws: `RegistryError` when it must not be asked.
  func ownRepository(_ reference: ImageReference) throws -> RegistryRepository {
    let places = try configuration.places(for: reference)
    return repository(places.first { !$0.isMirror } ?? PullPlace(reference))
  }
}

/// Blobs of a place that is found when the first one is read.
private struct MirroredBlobs: BlobSource {
  let client: RegistryClient
  let reference: ImageReference

  func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    try await client.atFirstPlace(of: reference) { try await $0.blob(descriptor) }
  }
}

/// Which place had the images of a repository.
final class PlaceMemory: Sendable {
  private let known = Mutex<[String: PullPlace]>([:])

  func place(of reference: ImageReference) -> PullPlace? { known.withLock { $0[reference.name] } }

  func remember(_ place: PullPlace, for reference: ImageReference) {
    known.withLock { $0[reference.name] = place }
  }
}

extension RegistryError {
  /// What is told when no place has an image.
  fileprivate init(_ own: RegistryError?, mirrors: [RegistryError]) {
    self = own ?? mirrors[0]
    diagnostic.notes += mirrors.map { .init("a mirror: \($0.diagnostic.message)") }
  }
}
