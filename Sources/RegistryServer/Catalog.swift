import HostOS
import OCI
import Synchronization
import SystemPackage

/// The repositories of a store, as they are now: read from `index.json` again whenever it changed, by whomever.
///
/// All that it does blocks.
final class Catalog: Sendable {
  /// One repository.
  struct Repository: Sendable {
    var tags: [String: Descriptor] = [:]
    /// All manifests that can be asked for by digest.
    var manifests: [Digest: ManifestFacts] = [:]
    /// What these manifests are made of.
    var blobs: Set<Digest> = []
    fileprivate var names: [(name: StoredName, digest: Digest)] = []

    /// What the store calls the image that a tag stands for; empty when it is not there by a name of this repository.
    func storedNames(of tag: String) -> Set<String> {
      Set(names.filter { $0.name.tag == tag }.map(\.name.text))
    }

    /// What the store calls a manifest here.
    func storedNames(of digest: Digest) -> Set<String> { Set(names.filter { $0.digest == digest }.map(\.name.text)) }
  }

  private struct State {
    var status: FileStatus?
    var repositories: [String: [(name: StoredName, descriptor: Descriptor)]] = [:]
    var made: [String: Repository] = [:]
    /// By digest; manifests never change.
    var facts: [Digest: ManifestFacts] = [:]
  }

  let store: ContentStore
  private let folderName: String
  private let state = Mutex(State())

  /// - Parameter folderName: the repository of images that have a tag alone.
  init(_ store: ContentStore, folderName: String) {
    self.store = store
    self.folderName = folderName
  }

  /// The names of all repositories, in order.
  func repositoryNames() throws -> [String] {
    try state.withLock { state in
      try refresh(&state)
      return state.repositories.keys.sorted()
    }
  }

  /// - Returns: nil when nothing is in a repository of that name.
  func repository(_ name: String) throws -> Repository? {
    try state.withLock { state in
      try refresh(&state)
      return repository(name, &state)
    }
  }

  /// Whether a manifest of any repository needs a blob.
  func needs(_ blob: Digest) throws -> Bool {
    try state.withLock { state in
      try refresh(&state)
      for name in state.repositories.keys where repository(name, &state)?.blobs.contains(blob) == true { return true }
      return false
    }
  }

  // MARK: Reading

  private func refresh(_ state: inout State) throws {
    let status = try FileStatus.ifExists(store.layout.appending("index.json"))
    if state.status == status, status != nil { return }
    var repositories: [String: [(name: StoredName, descriptor: Descriptor)]] = [:]
    for descriptor in try store.names().manifests {
      let name = StoredName(descriptor, folderName: folderName)
      for repository in name.repositories { repositories[repository, default: []].append((name, descriptor)) }
    }
    state.repositories = repositories
    state.made = [:]
    // Of what was read, so that a change in between is seen the next time.
    state.status = status
  }

  private func repository(_ name: String, _ state: inout State) -> Repository? {
    if let made = state.made[name] { return made }
    guard let entries = state.repositories[name] else { return nil }
    var repository = Repository()
    repository.names = entries.map { ($0.name, $0.descriptor.digest) }
    let pushed = Set(entries.filter { $0.name.rank == 0 && $0.name.tag == nil }.map(\.descriptor.digest))
    for entry in entries.sorted(by: { ($0.name.rank, $0.name.text) < ($1.name.rank, $1.name.text) }) {
      if let tag = entry.name.tag, repository.tags[tag] == nil { repository.tags[tag] = entry.descriptor }
      // The parts of what was pushed were pushed, too, and may have been deleted since.
      add(entry.descriptor.digest, withChildren: !pushed.contains(entry.descriptor.digest), to: &repository, &state)
    }
    state.made[name] = repository
    return repository
  }

  private func add(_ digest: Digest, withChildren: Bool, to repository: inout Repository, _ state: inout State) {
    guard repository.manifests[digest] == nil, let facts = facts(digest, &state) else { return }
    repository.manifests[digest] = facts
    repository.blobs.formUnion(facts.blobs.map(\.digest))
    if withChildren {
      for child in facts.children { add(child.digest, withChildren: true, to: &repository, &state) }
    }
  }

  /// Nil for what is not here: an index may list platforms that were not pulled.
  private func facts(_ digest: Digest, _ state: inout State) -> ManifestFacts? {
    if let known = state.facts[digest] { return known }
    guard let bytes = try? store.read(digest, limit: Handler.manifestLimit),
      let manifest = try? RawManifest(bytes: bytes, mediaType: nil)
    else { return nil }
    let facts = ManifestFacts(manifest, digest: digest)
    state.facts[digest] = facts
    return facts
  }
}
