import Builder
import Diagnostics
import Images
import OCI
public import SystemPackage

/// `slipway load`: the images of an archive come into the store.
public struct LoadImages: Sendable {
  private let access: ImageAccess
  private let path: FilePath?
  private let names: [ImageReference]

  /// - Parameters:
  ///   - path: a file; nil is standard input.
  ///   - names: names for the only image of the archive, in place of those that it has there.
  /// - Throws: `OCIError` for names that are not usable; `RegistryError`.
  public init(_ path: FilePath?, names: [String], _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    self.path = path
    self.names = try names.map { try TagImage.name($0) }
  }

  /// - Returns: a line for each name of each image: `NAME@DIGEST`, or the digest alone of an image without a name.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> [String] {
    let use = try await StoreUse(of: access.store)
    defer { use.end() }
    let images = try await access.bench.progress.step("loading \(path?.string ?? "standard input")") { _ in
      try await access.read(path, into: access.store.content)
    }
    guard names.isEmpty || images.count == 1 else {
      throw SlipwayError(
        "several-images", "the archive has \(images.count) images, and names are given for one",
        help: ["leave --tag away, and name them with slipway tag"])
    }
    return try images.flatMap(name)
  }

  private func name(_ image: LoadedImage) throws -> [String] {
    let digest = image.descriptor.digest
    if image.isPartial {
      access.bench.progress.report(
        .warning(
          "partial-index", "the archive lacks images that its index names; what is there was loaded",
          notes: [.init("it is \(digest) now")],
          help: ["save it with all platforms: slipway save, or skopeo copy --all"]))
    }
    let names = self.names.isEmpty ? image.names : self.names
    guard !names.isEmpty else {
      access.bench.progress.report(
        .warning(
          "image-without-name", "an image of the archive has no name, and goes with the next slipway prune",
          notes: image.tags.isEmpty ? [] : [.init("the archive calls it \(image.tags.joined(separator: ", "))")],
          help: ["name it: slipway tag \(digest) NAME, or load with --tag NAME"]))
      return [digest.description]
    }
    for name in names { try access.store.content.tag(Self.plain(image.descriptor), as: name) }
    return names.map { "\($0.familiarDescription)@\(digest)" }
  }

  /// Without what the archive said of it.
  private static func plain(_ descriptor: Descriptor) -> Descriptor {
    Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
  }
}
