import Diagnostics
import HostOS
import Images
import OCI
import Registry
import SystemPackage

/// `slipway manifest merge`: one index of what several builds pushed, each on a machine of its own.
public struct MergeManifests: Sendable {
  private let access: ImageAccess
  private let images: [ImagePlace]
  private let names: [ImageReference]
  private let annotations: [String: String]?
  private let options: ImageOptions

  /// - Parameters:
  ///   - files: what `--metadata-file` of builds wrote, here or by docker buildx; or names of images.
  ///   - names: of the index.
  /// - Throws: `SlipwayError` with the code `invalid-metadata`, `OCIError` for names and options that are not usable;
  ///   `HostError`, `RegistryError`.
  public init(
    _ files: [String], as names: [String], annotations: [String], _ options: ImageOptions, _ bench: Workbench
  ) throws {
    access = try ImageAccess(bench)
    guard !names.isEmpty else {
      throw SlipwayError("nothing-to-push", "the index has no name", help: ["name it: --tag REGISTRY/NAME:TAG"])
    }
    images = try files.map { try Self.place($0) }
    self.names = try names.map { try TagImage.name($0) }
    self.annotations = try IndexDraft.annotations(annotations)
    self.options = options
    _ = try options.creation
  }

  /// What is read of `--metadata-file`: docker buildx has more in it, or less.
  private struct Metadata: Decodable {
    var digest: Digest
    var name: String?

    enum CodingKeys: String, CodingKey {
      case digest = "containerimage.digest"
      case name = "image.name"
    }
  }

  /// A file that is there is one of metadata.
  private static func place(_ text: String) throws -> ImagePlace {
    let path = FilePath(text)
    guard try FileStatus.ifExists(path) != nil else {
      guard !text.hasSuffix(".json") else {
        throw SlipwayError(
          "invalid-metadata", "there is no file \(text)", help: ["name a file of slipway build --metadata-file"])
      }
      return try ImagePlace(parsing: text, bare: .registry)
    }
    let metadata: Metadata
    do {
      metadata = try JSONDocument.decode(
        Metadata.self, from: Files.read(path, limit: 16 << 20), called: text)
    } catch let error as OCIError {
      throw SlipwayError(
        "invalid-metadata", "\(text) is not what a build writes: \(error.diagnostic.message)",
        help: ["name a file of slipway build --metadata-file, or of docker buildx build"])
    }
    guard let name = metadata.name?.split(separator: ",").first.map(String.init) else {
      throw SlipwayError(
        "invalid-metadata", "\(text) is of an image without a name",
        help: ["build with --tag REGISTRY/NAME:TAG --push"])
    }
    return .registry(try ImageReference(parsing: name).with(digest: metadata.digest))
  }

  /// - Returns: a line `NAME@DIGEST` for each name.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> [String] {
    try await access.create(names, options.creation)
    let title = names.map(\.familiarDescription).joined(separator: ", ")
    return try await access.bench.progress.step("merging \(images.count) images into \(title)") { step in
      var draft = IndexDraft()
      draft.annotations = annotations
      var trees: [(ImageTree, ImagePlace)] = []
      for place in images {
        try await access.withImage(at: place) { image in
          let tree = try await image.tree()
          try draft.add(tree.top, configuration: try await image.configuration(of: tree.top), called: "\(place)")
          trees.append((tree, place))
        }
      }
      let index = try draft.manifest()
      for name in names { try await push(index, trees, as: name, step) }
      return names.map { "\($0.familiarName)@\(index.descriptor.digest)" }
    }
  }

  /// The images first, then what names them.
  private func push(
    _ index: RawManifest, _ trees: [(ImageTree, ImagePlace)], as name: ImageReference, _ step: ProgressStep
  ) async throws {
    for (tree, place) in trees {
      let target = try access.target(.registry(name), for: tree, from: place)
      try await access.withImage(at: place) { image in
        try await options.transfer(to: target.destination).send(tree, from: image.blobs, step)
        try await target.destination.write(tree.top, tag: nil)
      }
    }
    try await access.registry.repository(name).write(index, tag: name.tag)
  }
}
