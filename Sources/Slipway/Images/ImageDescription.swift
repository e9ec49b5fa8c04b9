import Diagnostics
import Images
import OCI

/// `slipway inspect`: what an image is made of.
public struct InspectImage: Sendable {
  /// What is shown.
  public enum Part: String, Sendable, CaseIterable {
    /// Manifests and configurations in short.
    case summary
    /// The manifest or index, byte for byte.
    case manifest
    /// The configuration, byte for byte.
    case config
  }

  private let access: ImageAccess
  private let place: ImagePlace
  private let selection: PlatformSelection

  /// - Throws: `SlipwayError`, `OCIError` for places and options that are not usable; `RegistryError`.
  public init(_ image: String, platform: String?, _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    place = try ImagePlace(parsing: image, bare: .either)
    selection = try platform.map { .only([try Platform(parsing: $0)]) } ?? .all
  }

  /// - Returns: what goes to standard output.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run(_ part: Part, as format: StoreReportFormat) async throws -> [UInt8] {
    try await access.holdingStore(for: [place]) {
      try await access.withImage(at: place) { image in
        switch part {
        case .manifest:
          return try await ImageTree(of: image.reference, in: image.source, selecting: selection).top.bytes
        case .config: return try await config(image)
        case .summary: return Array(try await describe(image).rendered(as: format).utf8)
        }
      }
    }
  }

  /// Of several images, the one for this machine unless another one was asked for.
  private func config(_ image: OpenedImage) async throws -> [UInt8] {
    let selection = selection == .all ? PlatformSelection.best(for: .host) : selection
    let tree = try await image.tree(selection)
    guard let manifest = tree.top.image else {
      throw SlipwayError("no-configuration", "\(place) is an index of indexes", exitCode: .failure)
    }
    return try await image.blobs.readWhole(manifest.config)
  }

  private func describe(_ image: OpenedImage) async throws -> ImageDescription {
    let tree = try await image.tree(selection)
    var parts: [ImageDescription.Part] = []
    for manifest in tree.manifests {
      guard let own = manifest.image else { continue }
      var part = ImageDescription.Part(manifest.descriptor, own)
      part.platform = tree.platform(of: manifest.descriptor.digest)
      if own.config.mediaType.ociEquivalent == .ociConfig {
        let bytes = try await image.blobs.readWhole(own.config)
        part.take(try JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration"))
      }
      parts.append(part)
    }
    return ImageDescription(
      name: place.description, digest: tree.top.descriptor.digest, mediaType: tree.top.descriptor.mediaType,
      size: tree.blobs.reduce(0) { $0 + $1.size }, annotations: tree.top.annotations, images: parts)
  }
}

/// An image in words.
struct ImageDescription: Encodable {
  struct Part: Encodable {
    var digest: Digest
    var mediaType: MediaType
    var artifactType: String?
    var platform: String?
    var created: String?
    var annotations: [String: String]?
    var layers: [Descriptor]
    var config: RuntimeConfig?

    init(_ descriptor: Descriptor, _ manifest: ImageManifest) {
      digest = descriptor.digest
      mediaType = descriptor.mediaType
      artifactType = manifest.artifactType
      annotations = manifest.annotations
      layers = manifest.layers
    }

    mutating func take(_ configuration: ImageConfig) {
      platform = platform ?? configuration.platform.description
      created = configuration.created
      config = configuration.config
    }
  }

  var name: String
  var digest: Digest
  var mediaType: MediaType
  /// Of all blobs, each once, in bytes.
  var size: Int64
  var annotations: [String: String]?
  var images: [Part]

  func rendered(as format: StoreReportFormat) throws -> String {
    switch format {
    case .json: String(decoding: try JSONDocument.encode(self, pretty: true), as: UTF8.self) + "\n"
    case .text: text
    }
  }

  private var text: String {
    var rows = [
      ["Name", name], ["Digest", digest.description], ["Type", mediaType.rawValue], ["Size", size.storageText],
    ]
    rows += Self.rows(annotations, "Annotation")
    return StoreTable(rows).text + images.map { "\n" + $0.text }.joined()
  }

  fileprivate static func rows(_ pairs: [String: String]?, _ title: String) -> [[String]] {
    (pairs ?? [:]).sorted { $0.key < $1.key }.map { [title, "\($0.key)=\($0.value)"] }
  }
}

extension ImageDescription.Part {
  fileprivate var text: String {
    var rows = [["Image", digest.description], ["Platform", platform ?? "unknown"]]
    if let artifactType { rows.append(["Artifact", artifactType]) }
    if let created { rows.append(["Created", created]) }
    if let user = config?.user, !user.isEmpty { rows.append(["User", user]) }
    if let folder = config?.workingDir, !folder.isEmpty { rows.append(["Folder", folder]) }
    if let entrypoint = config?.entrypoint { rows.append(["Entrypoint", entrypoint.joined(separator: " ")]) }
    if let command = config?.cmd { rows.append(["Command", command.joined(separator: " ")]) }
    if let ports = config?.exposedPorts, !ports.isEmpty {
      rows.append(["Ports", ports.keys.sorted().joined(separator: ", ")])
    }
    rows += (config?.env ?? []).map { ["Variable", $0] }
    rows += ImageDescription.rows(config?.labels, "Label")
    rows += ImageDescription.rows(annotations, "Annotation")
    rows += layers.map { ["Layer", "\($0.digest)  \($0.size.storageText)"] }
    return StoreTable(rows).text
  }
}

extension RawManifest {
  var annotations: [String: String]? {
    switch content {
    case .image(let image): image.annotations
    case .index(let index): index.annotations
    }
  }
}

extension ImageTree {
  /// What an index says that an image runs on.
  func platform(of digest: Digest) -> String? {
    for manifest in manifests {
      guard case .index(let index) = manifest.content else { continue }
      if let found = index.manifests.first(where: { $0.digest == digest }) { return found.platform?.description }
    }
    return nil
  }
}
