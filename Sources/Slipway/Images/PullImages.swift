import Builder
import Diagnostics
import Images
import OCI
import SystemPackage

/// `slipway pull`: images of registries come into the store, or into a layout or an archive.
public struct PullImages: Sendable {
  private let access: ImageAccess
  private let names: [ImageReference]
  private let outputs: [OutputSpecification]
  private let selection: PlatformSelection
  private let options: ImageOptions

  /// - Parameter outputs: as `--output` of builds has them; none is the store.
  /// - Throws: `SlipwayError`, `OCIError` for names and options that are not usable; `RegistryError`.
  public init(_ names: [String], outputs: [String], _ options: ImageOptions, _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    self.names = try names.map { text in
      guard case .registry(let name) = try ImagePlace(parsing: text, bare: .registry) else {
        throw SlipwayError(
          "invalid-place", "\(text) is not in a registry", help: ["write slipway copy \(text) TARGET, or slipway load"])
      }
      return name
    }
    self.outputs = try outputs.map { try Self.output($0) }
    guard outputs.isEmpty || names.count == 1 else {
      throw SlipwayError(
        "several-images", "--output holds one image, and \(names.count) are pulled",
        help: ["pull them one by one, or pull them into the store and write slipway save"])
    }
    selection = try options.selection(usual: .best(for: .host))
    self.options = options
  }

  private static func output(_ text: String) throws -> OutputSpecification {
    let output = try OutputSpecification(parsing: text, names: [])
    switch output.kind {
    case .archive, .layout:
      guard output.compression == .usual, output.rewritesTimestamps == nil else { break }
      return output
    case .registry, .files, .tar: break
    }
    throw SlipwayError(
      "invalid-output", "--output \(text) is not usable: images are pulled as they are",
      help: ["write type=oci or type=docker, with dest=FILE, or type=oci,tar=false,dest=FOLDER"])
  }

  /// - Returns: a line `NAME@DIGEST` for each image; none when standard output is taken by an image.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> [String] {
    let places = outputs.isEmpty ? names.map { ImagePlace.store($0) } : []
    return try await access.holdingStore(for: places) {
      var answers: [String] = []
      for name in names { answers.append(try await pull(name)) }
      return outputs.contains { $0.destination == .standardOutput } ? [] : answers
    }
  }

  private func pull(_ name: ImageReference) async throws -> String {
    let copy = ImageCopy(access: access, source: .registry(name), selection: selection, options: options)
    let title = "pulling \(name.familiarDescription)"
    guard !outputs.isEmpty else {
      let result = try await copy.run(to: .store(name), title: title)
      try warnOfPlatform(result.tree, name)
      return result.answer
    }
    var digest: Digest?
    for output in outputs {
      digest = try await copy.run(to: try place(output, name), title: title).tree.top.descriptor.digest
    }
    return "\(name.familiarName)\(digest.map { "@\($0)" } ?? "")"
  }

  private func place(_ output: OutputSpecification, _ name: ImageReference) throws -> ImagePlace {
    var path: FilePath?
    if case .path(let named) = output.destination { path = named }
    switch output.kind {
    case .archive(let format): return .archive(format, .init(path: path))
    default: return .layout(LayoutLocation(path: path ?? ".", tag: name.tag))
    }
  }

  /// Registries give what they have; that it does not run here is no error, but worth a word.
  private func warnOfPlatform(_ tree: ImageTree, _ name: ImageReference) throws {
    guard case .best(let platform) = selection, let image = tree.top.image,
      let bytes = try? access.store.content.read(image.config.digest),
      let config = try? JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration"),
      platform.distance(to: config.platform) == nil
    else { return }
    access.bench.progress.report(
      .warning(
        "other-platform", "\(name.familiarDescription) is for \(config.platform), and this machine is \(platform)",
        help: ["say --platform \(config.platform) if that is what you want"]))
  }
}
