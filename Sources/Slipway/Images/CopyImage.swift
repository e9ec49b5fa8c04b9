import Builder
import Diagnostics
import Images
import OCI

/// `slipway copy`: an image goes from one place to another as it is, between registries as a stream.
public struct CopyImage: Sendable {
  private let copy: ImageCopy
  private let destination: ImagePlace

  /// - Throws: `SlipwayError`, `OCIError` for places and options that are not usable; `RegistryError`.
  public init(from source: String, to destination: String, _ options: ImageOptions, _ bench: Workbench) throws {
    self.destination = try ImagePlace(parsing: destination, bare: .registry)
    copy = ImageCopy(
      access: try ImageAccess(bench), source: try ImagePlace(parsing: source, bare: .registry),
      selection: try options.selection(usual: .all), options: options)
    _ = try options.creation
  }

  /// - Returns: `NAME@DIGEST`; nil when standard output is taken by the image.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> String? {
    try await copy.access.holdingStore(for: [copy.source, destination]) {
      let result = try await copy.run(to: destination, title: "copying \(copy.source) to \(destination)")
      if case .archive(_, let location) = destination, location.path == nil { return nil }
      return result.answer
    }
  }
}

/// `slipway push`: an image of the store, a layout or an archive goes to a registry.
public struct PushImage: Sendable {
  private let copy: ImageCopy
  private let name: ImageReference
  /// Whether the store's name goes when the image is there.
  public var untagsAfterwards = false

  /// - Parameter target: the name in the registry; nil is the image's own.
  /// - Throws: `SlipwayError`, `OCIError` for places and options that are not usable; `RegistryError`.
  public init(_ source: String, as target: String?, _ options: ImageOptions, _ bench: Workbench) throws {
    let place = try ImagePlace(parsing: source, bare: .store)
    copy = ImageCopy(
      access: try ImageAccess(bench), source: place, selection: try options.selection(usual: .all), options: options)
    if case .registry(let name)? = try target.map({ try ImagePlace(parsing: $0, bare: .registry) }) {
      self.name = name
    } else if target == nil, case .store(let name) = place {
      self.name = name
    } else {
      throw SlipwayError(
        "nothing-to-push", "it is not said what \(source) is to be called in a registry",
        help: ["write slipway push \(source) REGISTRY/NAME:TAG"])
    }
    _ = try options.creation
  }

  /// - Returns: `NAME@DIGEST`.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> String {
    try await copy.access.holdingStore(for: [copy.source]) {
      let answer = try await copy.run(to: .registry(name), title: "pushing \(name.familiarDescription)").answer
      if untagsAfterwards, case .store(let own) = copy.source {
        try copy.access.store.content.untag([own.description])
      }
      return answer
    }
  }
}
