import Builder
import Diagnostics
import Images
import OCI
import Registry

/// `slipway manifest create`: an index in the store, of images that stay where they are until it is pushed.
public struct CreateManifest: Sendable {
  private let access: ImageAccess
  private let name: ImageReference
  private let images: [ImagePlace]
  private let annotations: [String: String]?
  private let amends: Bool

  /// - Parameter amends: whether an index of that name may be there already, which gets the images then.
  /// - Throws: `SlipwayError`, `OCIError` for names and options that are not usable; `RegistryError`.
  public init(_ name: String, of images: [String], annotations: [String], amends: Bool, _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    self.name = try TagImage.name(name)
    self.images = try images.map { try ImagePlace(parsing: $0, bare: .either) }
    self.annotations = try IndexDraft.annotations(annotations)
    self.amends = amends
  }

  /// - Returns: `NAME@DIGEST`.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> String {
    try await access.holdingStore(for: [.store(name)]) {
      var draft = try await known()
      draft.annotations = annotations ?? draft.annotations
      for place in images {
        try await access.bench.progress.step("adding \(place)") { step in
          try await access.withImage(at: place) { image in
            let tree = try await image.tree()
            try draft.add(tree.top, configuration: try await image.configuration(of: tree.top), called: "\(place)")
            try await adopt(tree, of: image, at: place, step)
          }
        }
      }
      let index = try draft.manifest()
      try await ImageIntake(access.store).write(index, tag: name.description)
      return "\(name.familiarName)@\(index.descriptor.digest)"
    }
  }

  private func known() async throws -> IndexDraft {
    var draft = IndexDraft()
    guard let known = try access.store.content.descriptor(named: name) else { return draft }
    guard amends else {
      throw SlipwayError(
        "image-exists", "the store has an image \(name.familiarDescription) already",
        help: ["write --amend to add to it, or choose another name"])
    }
    let top = try await access.store.content.manifest(name)
    guard case .index(let index) = top.content else {
      throw SlipwayError(
        "no-index", "\(name.familiarDescription) is an image and no index: \(known.digest)",
        help: ["choose another name"])
    }
    draft.annotations = index.annotations
    try draft.add(top, configuration: nil, called: name.familiarDescription)
    return draft
  }

  /// Takes over what is small, and remembers where the rest is. What is in no registry is taken over whole.
  private func adopt(_ tree: ImageTree, of image: OpenedImage, at place: ImagePlace, _ step: ProgressStep) async throws
  {
    let intake = ImageIntake(access.store)
    var blobs = tree.blobs
    if image.source is RegistryClient {
      let configurations = Set(tree.manifests.compactMap { $0.image?.config.digest })
      try access.store.rememberOrigin(of: blobs.filter { !configurations.contains($0.digest) }, in: image.reference)
      blobs.removeAll { !configurations.contains($0.digest) }
    } else if image.source is StoredImages {
      blobs = []
    }
    for blob in blobs { try await intake.write(blob, from: image.blobs, reportingTo: step) }
    for manifest in tree.manifests { try await intake.write(manifest, tag: nil) }
  }
}
