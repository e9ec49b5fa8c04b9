import Diagnostics
import Images
import OCI

/// An index that is put together from images.
struct IndexDraft: Sendable {
  private(set) var entries: [Descriptor] = []
  var annotations: [String: String]?

  /// Adds an image, or the images of an index with what belongs to them.
  /// - Parameters:
  ///   - configuration: of an image alone, says what it runs on.
  ///   - name: for messages.
  /// - Throws: `SlipwayError` with the code `platform-twice`; `OCIError` with the code `invalid-json`.
  mutating func add(_ top: RawManifest, configuration: [UInt8]?, called name: String) throws {
    switch top.content {
    case .index(let index): for descriptor in index.manifests { try add(descriptor, called: name) }
    case .image:
      var descriptor = top.descriptor
      if let configuration {
        descriptor.platform = try JSONDocument.decode(
          ImageConfig.self, from: configuration, called: "configuration of \(name)"
        ).platform
      }
      try add(descriptor, called: name)
    }
  }

  private mutating func add(_ descriptor: Descriptor, called name: String) throws {
    if entries.contains(where: { $0.digest == descriptor.digest }) { return }
    if let platform = descriptor.platform, !descriptor.isAttestation,
      entries.contains(where: { $0.platform == platform && !$0.isAttestation })
    {
      throw SlipwayError(
        "platform-twice", "\(name) is for \(platform), and so is an image before it",
        help: ["an index has one image for a platform: leave one away"])
    }
    entries.append(descriptor)
  }

  /// Of Docker's type where all images are of Docker's.
  /// - Throws: `EncodingError`.
  func manifest() throws -> RawManifest {
    var index = ImageIndex(manifests: entries, annotations: annotations)
    let isDocker =
      !entries.isEmpty && entries.allSatisfy { [.dockerManifest, .dockerManifestList].contains($0.mediaType) }
    if isDocker, annotations == nil { index.mediaType = .dockerManifestList }
    return try RawManifest(index)
  }

  /// `KEY=value` each; nil when there are none.
  /// - Throws: `SlipwayError` with the code `invalid-annotation`.
  static func annotations(_ texts: [String]) throws -> [String: String]? {
    var pairs: [String: String] = [:]
    for text in texts {
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        throw SlipwayError("invalid-annotation", "--annotation \(text) is not KEY=value", help: ["write KEY=value"])
      }
      pairs[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return pairs.isEmpty ? nil : pairs
  }
}

extension OpenedImage {
  /// The configuration of an image that is no index; nil for what has none.
  func configuration(of top: RawManifest) async throws -> [UInt8]? {
    guard let image = top.image, image.config.mediaType.ociEquivalent == .ociConfig else { return nil }
    return try await blobs.readWhole(image.config)
  }
}
