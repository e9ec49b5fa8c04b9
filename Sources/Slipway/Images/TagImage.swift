import Builder
import Diagnostics
import OCI
import Registry

/// `slipway tag`: gives an image more names, in the store or in a repository of a registry.
public struct TagImage: Sendable {
  private let access: ImageAccess
  private let source: ImagePlace
  private let names: [ImageReference]

  /// - Parameter names: of images of registries they may also be tags alone.
  /// - Throws: `SlipwayError` with the code `invalid-place`; `OCIError`, `RegistryError`.
  public init(_ source: String, as names: [String], _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    self.source = try ImagePlace(parsing: source, bare: .store)
    switch self.source {
    case .store, .stored: self.names = try names.map { try Self.name($0.removing(prefix: "store://") ?? $0) }
    case .registry(let image): self.names = try names.map { try Self.name($0, beside: image) }
    case .named, .layout, .archive:
      throw SlipwayError(
        "invalid-place", "\(source) cannot be given another name",
        help: ["write slipway copy \(source) TARGET, or name an image of the store or of a registry: docker://NAME"])
    }
  }

  /// - Returns: a line `NAME@DIGEST` for each name.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> [String] {
    try await access.holdingStore(for: [source]) {
      try await access.withImage(at: source) { image in
        let top = try await image.source.manifest(image.reference)
        for name in names {
          if case .registry = source {
            try await access.registry.repository(name).write(top, tag: name.tag)
          } else {
            try access.store.content.tag(top.descriptor, as: name)
          }
        }
        return names.map { "\($0.familiarDescription)@\(top.descriptor.digest)" }
      }
    }
  }

  /// A name that can be given: one without a digest.
  static func name(_ text: String) throws -> ImageReference {
    let name = try ImageReference(parsing: text).withDefaultTag
    guard name.digest == nil else {
      throw SlipwayError(
        "invalid-tag", "\(text) has a digest, which only the finished image has", help: ["write NAME[:TAG]"])
    }
    return name
  }

  /// A tag, or a name in the same repository.
  private static func name(_ text: String, beside image: ImageReference) throws -> ImageReference {
    let text = text.removing(prefix: "docker://") ?? text
    let isTag = !text.contains { ":/".contains($0) }
    let name = try self.name(isTag ? "\(image.name):\(text)" : text)
    guard name.name == image.name else {
      throw SlipwayError(
        "invalid-tag", "\(text) is another repository than \(image.familiarName)",
        help: ["write slipway copy \(image.familiarDescription) \(text)"])
    }
    return name
  }
}
