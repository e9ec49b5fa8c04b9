import Builder
import Diagnostics
import HostOS
import Images
public import OCI
import Registry
import SystemPackage

/// `docker manifest`: lists of images of registries, kept beside the store until they are pushed.
///
/// Unlike `slipway manifest`, members are known by their names, are always those of their registry, and two may be the
/// same image or for the same platform until they are annotated. Names of lists and of images do not meet.
public struct DockerManifests: Sendable {
  /// An image of a list, with what is said of it.
  struct Member: Sendable, Codable {
    var name: String
    var descriptor: Descriptor
  }

  struct List: Sendable, Codable {
    var members: [Member] = []
  }

  private let access: ImageAccess
  private let bench: Workbench
  private let folder: FilePath

  /// - Throws: `RegistryError`.
  public init(_ bench: Workbench) throws {
    folder = bench.store.root.appending("docker").appending("manifests")
    self.bench = bench
    access = try ImageAccess(bench)
  }

  // MARK: Commands

  /// - Throws: `DockerError`; `RegistryError` for what cannot be read; `HostError`.
  public func create(_ list: String, of members: [String], amends: Bool) async throws {
    let name = try Self.name(list)
    var draft = try read(name) ?? List()
    guard amends || draft.members.isEmpty else {
      throw DockerError("refusing to amend an existing manifest list with no --amend flag")
    }
    for text in members {
      let member = try Self.name(text)
      let descriptor = try await fetch(member)
      if let index = draft.members.firstIndex(where: { $0.name == member.description }) {
        draft.members[index].descriptor = descriptor
      } else {
        draft.members.append(Member(name: member.description, descriptor: descriptor))
      }
    }
    try write(draft, name)
  }

  /// - Throws: `DockerError`, `HostError`.
  public func annotate(_ list: String, _ member: String, _ changes: AnnotateManifest.Changes) throws {
    let name = try Self.name(list)
    guard var draft = try read(name) else { throw Self.unknown(name) }
    let wanted = try Self.name(member)
    guard
      let index = draft.members.firstIndex(where: {
        $0.name == wanted.description || ($0.descriptor.digest == wanted.digest && wanted.digest != nil)
      })
    else { throw DockerError("manifest for image \(member) does not exist in \(list)") }
    var platform = draft.members[index].descriptor.platform ?? .host
    if let os = changes.os, !os.isEmpty { platform.os = os }
    if let architecture = changes.architecture, !architecture.isEmpty {
      platform.architecture = architecture
      platform.variant = nil
    }
    if let variant = changes.variant, !variant.isEmpty { platform.variant = variant }
    if let version = changes.osVersion, !version.isEmpty { platform.osVersion = version }
    if !changes.osFeatures.isEmpty { platform.osFeatures = changes.osFeatures }
    draft.members[index].descriptor.platform = platform
    try write(draft, name)
  }

  /// - Returns: the digest.
  /// - Throws: `DockerError`, `RegistryError`, `HostError`.
  public func push(_ list: String, purge: Bool) async throws -> String {
    let name = try Self.name(list)
    guard let draft = try read(name) else { throw Self.unknown(name) }
    let index = try Self.index(of: draft)
    try await bench.progress.step("pushing the list \(name.familiarDescription)") { step in
      for member in draft.members {
        try await send(try Self.reference(member), to: name, step)
      }
      try await access.registry.repository(name).write(index, tag: name.tag)
    }
    if purge { try remove(list) }
    return index.descriptor.digest.description
  }

  /// - Returns: the document of a list here, else of an image or list of the registry.
  /// - Throws: `DockerError`, `RegistryError`.
  public func document(_ text: String, in list: String?) async throws -> RawManifest {
    let name = try Self.name(text)
    if let list {
      guard let draft = try read(try Self.name(list)) else { throw Self.unknown(try Self.name(list)) }
      guard let member = draft.members.first(where: { $0.name == name.description }) else {
        throw Self.unknown(name)
      }
      return try await fetchManifest(try Self.reference(member))
    }
    if let draft = try read(name) { return try Self.index(of: draft) }
    return try await fetchManifest(name)
  }

  /// - Throws: `DockerError` when there is none.
  public func remove(_ list: String) throws {
    let name = try Self.name(list)
    guard try read(name) != nil else { throw DockerError("No such manifest: \(name.familiarDescription)") }
    try Files.removeTree(path(name))
  }

  // MARK: Registry

  /// - Returns: what a list says of an image.
  private func fetch(_ name: ImageReference) async throws -> Descriptor {
    let top = try await fetchManifest(name)
    guard case .image = top.content else { throw DockerError("\(name.familiarDescription) is a manifest list") }
    return try await access.withImage(at: .registry(name.with(digest: top.descriptor.digest))) { image in
      var descriptor = top.descriptor
      if let bytes = try await image.configuration(of: top) {
        descriptor.platform = try JSONDocument.decode(
          ImageConfig.self, from: bytes, called: "configuration of \(name.familiarDescription)"
        ).platform
      }
      return descriptor
    }
  }

  /// The document of an image or list of a registry.
  /// - Throws: `DockerError` for one that is not there; `RegistryError`.
  public func registryDocument(_ name: ImageReference) async throws -> RawManifest { try await fetchManifest(name) }

  private func fetchManifest(_ name: ImageReference) async throws -> RawManifest {
    do { return try await access.registry.manifest(name) } catch let error as any DiagnosticError {
      let codes = error.diagnostics.map(\.code.rawValue)
      guard codes.contains(where: { ["manifest-unknown", "name-unknown"].contains($0) }) else { throw error }
      throw DockerError("no such manifest: \(name.familiarDescription)")
    }
  }

  /// Brings an image to the repository of the list, where it is not there yet.
  private func send(_ member: ImageReference, to list: ImageReference, _ step: ProgressStep) async throws {
    let place = ImagePlace.registry(member)
    try await access.withImage(at: place) { image in
      let tree = try await image.tree()
      let target = try access.target(.registry(list), for: tree, from: place)
      try await ImageTransfer(to: target.destination).send(tree, from: image.blobs, step)
      try await target.destination.write(tree.top, tag: nil)
    }
  }

  // MARK: Lists

  /// Of the type that goes with its first image, as docker has it.
  private static func index(of list: List) throws -> RawManifest {
    var index = ImageIndex(manifests: list.members.map(\.descriptor))
    if list.members.first?.descriptor.mediaType != .ociManifest { index.mediaType = .dockerManifestList }
    return try RawManifest(index)
  }

  private static func reference(_ member: Member) throws -> ImageReference {
    try ImageReference(parsing: member.name).with(digest: member.descriptor.digest)
  }

  private static func name(_ text: String) throws -> ImageReference {
    do { return try ImageReference(parsing: text).withDefaultTag } catch let error as OCIError {
      throw DockerError("error parsing name for manifest list \(text): \(error.diagnostic.message)")
    }
  }

  private static func unknown(_ name: ImageReference) -> DockerError {
    DockerError("No such manifest: \(name.familiarDescription)")
  }

  private func path(_ name: ImageReference) -> FilePath {
    let file = name.description.utf8.map { byte in
      let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
      return isPlain || [0x2D, 0x2E, 0x5F].contains(byte)
        ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
    }.joined()
    return folder.appending("lists").appending(file + ".json")
  }

  private func read(_ name: ImageReference) throws -> List? {
    let path = path(name)
    guard try FileStatus.ifExists(path) != nil else { return nil }
    return try JSONDocument.decode(List.self, from: Files.read(path), called: "list \(path)")
  }

  private func write(_ list: List, _ name: ImageReference) throws {
    let path = path(name)
    try Files.createDirectories(path.removingLastComponent())
    try Files.writeAtomically(try JSONDocument.encode(list), to: path)
  }
}
