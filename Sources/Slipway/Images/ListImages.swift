import Builder
import Diagnostics
import Images
import OCI
import Registry

/// `slipway ls`: the images of the store, of a layout, or the tags of a repository.
public struct ListImages: Sendable {
  private let access: ImageAccess
  private let place: ImagePlace?

  /// - Parameter place: a repository or a layout; nil is the store.
  /// - Throws: `SlipwayError`, `OCIError` for places that are not usable; `RegistryError`.
  public init(_ place: String?, _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    self.place = try place.map { text in
      let place = try ImagePlace(parsing: text, bare: .registry)
      switch place {
      case .registry(let name):
        let named = try ImageReference(parsing: text.removing(prefix: "docker://") ?? text)
        guard named.tag == nil, named.digest == nil else {
          throw SlipwayError(
            "invalid-place", "\(text) is one image, and a repository has tags",
            help: ["write slipway ls \(name.familiarName), or slipway inspect \(text)"])
        }
        return place
      case .layout: return place
      case .store, .stored, .named, .archive:
        throw SlipwayError(
          "invalid-place", "\(text) holds nothing to be listed",
          help: ["write slipway ls, slipway ls REPOSITORY or slipway ls oci:PATH"])
      }
    }
  }

  /// - Returns: what goes to standard output.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run(as format: StoreReportFormat) async throws -> String {
    switch place {
    case .registry(let name)?:
      let tags = try await access.registry.tags(of: name)
      struct Document: Encodable {
        var name: String
        var tags: [String]
      }
      guard format == .json else { return tags.map { $0 + "\n" }.joined() }
      return try Self.json(Document(name: name.familiarName, tags: tags))
    case .layout(let location)?:
      try location.requireLayout()
      return try list(ContentStore(layout: location.path), format)
    default:
      // What is pruned meanwhile is not counted, and nobody waits for a prune to end.
      return try list(access.store.content, format)
    }
  }

  private static func json(_ value: some Encodable) throws -> String {
    String(decoding: try JSONDocument.encode(value, pretty: true), as: UTF8.self) + "\n"
  }

  private struct Item: Encodable {
    var name: String?
    var digest: Digest
    var mediaType: MediaType
    var platforms: [String]
    /// Of all blobs, as they are stored, in bytes.
    var size: Int64
    var created: String?
  }

  private func list(_ store: ContentStore, _ format: StoreReportFormat) throws -> String {
    let items = try store.names().manifests.map { try item($0, in: store) }
      .sorted { ($0.name ?? "", $0.digest.hex) < ($1.name ?? "", $1.digest.hex) }
    if format == .json { return try Self.json(items) }
    let rows = items.map { item in
      [
        item.name.map { (try? ImageReference(parsing: $0))?.familiarDescription ?? $0 } ?? "-", item.digest.short,
        item.platforms.joined(separator: ", "), item.size.storageText, item.created ?? "-",
      ]
    }
    return StoreTable([["NAME", "DIGEST", "PLATFORMS", "SIZE", "CREATED"]] + rows).text
  }

  private func item(_ listed: Descriptor, in store: ContentStore) throws -> Item {
    var item = Item(
      name: listed.annotations?[ContentStore.referenceNameAnnotation], digest: listed.digest,
      mediaType: listed.mediaType, platforms: [], size: 0)
    var seen: Set<Digest> = []
    try add(listed, to: &item, in: store, &seen)
    return item
  }

  /// What is not there, or damaged, is not counted: `slipway validate` tells of it.
  private func add(
    _ descriptor: Descriptor, to item: inout Item, in store: ContentStore, _ seen: inout Set<Digest>
  ) throws {
    guard seen.insert(descriptor.digest).inserted, let bytes = try? store.read(descriptor.digest),
      let manifest = try? RawManifest(bytes: bytes, mediaType: descriptor.mediaType)
    else { return }
    switch manifest.content {
    case .index(let index): for child in index.manifests { try add(child, to: &item, in: store, &seen) }
    case .image(let image):
      for blob in image.blobs where seen.insert(blob.digest).inserted { item.size += blob.size }
      guard !descriptor.isAttestation, let bytes = try? store.read(image.config.digest),
        let config = try? JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration")
      else { return }
      item.platforms.append(config.platform.description)
      item.created = item.created ?? config.created
    }
  }
}
