import Builder
import Diagnostics
import OCI
import Registry

/// `slipway manifest annotate`: changes what an index of the store says of one of its images.
public struct AnnotateManifest: Sendable {
  /// What is to be said; nil leaves it as it is.
  public struct Changes: Sendable {
    public var os: String?
    public var architecture: String?
    public var variant: String?
    public var osVersion: String?
    public var osFeatures: [String] = []
    /// `KEY=value`.
    public var annotations: [String] = []

    public init() {}
  }

  private let access: ImageAccess
  private let name: ImageReference
  private let image: ImagePlace
  private let changes: Changes
  private let annotations: [String: String]?

  /// - Parameter image: its name, or its digest.
  /// - Throws: `SlipwayError`, `OCIError` for names and options that are not usable; `RegistryError`.
  public init(_ name: String, image: String, _ changes: Changes, _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    self.name = try TagImage.name(name)
    self.image = try ImagePlace(parsing: image, bare: .either)
    self.changes = changes
    annotations = try IndexDraft.annotations(changes.annotations)
  }

  /// - Returns: `NAME@DIGEST`.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> String {
    try await access.holdingStore(for: [.store(name)]) {
      let top = try await access.storedImages.manifest(name)
      guard case .index(var index) = top.content else {
        throw SlipwayError(
          "no-index", "\(name.familiarDescription) is an image and no index",
          help: ["make one: slipway manifest create"])
      }
      let digest = try await digest()
      guard let position = index.manifests.firstIndex(where: { $0.digest == digest }) else {
        throw SlipwayError(
          "image-unknown", "\(name.familiarDescription) does not list \(image)",
          notes: [.init("its digest is \(digest)")],
          help: ["it lists \(index.manifests.map(\.digest.description).joined(separator: ", "))"])
      }
      apply(to: &index.manifests[position])
      let changed = try RawManifest(index)
      try await ImageIntake(access.store).write(changed, tag: name.description)
      return "\(name.familiarName)@\(changed.descriptor.digest)"
    }
  }

  private func digest() async throws -> Digest {
    switch image {
    case .stored(let digest): return digest
    case .registry(let name): return try await access.registry.descriptor(name).digest
    case .named(let name):
      if let digest = name.digest { return digest }
      if let known = try access.store.content.descriptor(named: name) { return known.digest }
      return try await access.registry.descriptor(name).digest
    case .store, .layout, .archive:
      return try await access.withImage(at: image) { try await $0.source.manifest($0.reference).descriptor.digest }
    }
  }

  private func apply(to descriptor: inout Descriptor) {
    var platform = descriptor.platform ?? .host
    if let os = changes.os { platform.os = os }
    if let architecture = changes.architecture {
      platform.architecture = architecture
      platform.variant = nil
    }
    if let variant = changes.variant { platform.variant = variant }
    if let version = changes.osVersion { platform.osVersion = version }
    if !changes.osFeatures.isEmpty { platform.osFeatures = changes.osFeatures }
    descriptor.platform = platform
    if let annotations {
      descriptor.annotations = (descriptor.annotations ?? [:]).merging(annotations) { _, new in new }
    }
  }
}
