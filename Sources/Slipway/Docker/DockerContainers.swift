import Builder
import Diagnostics
import Foundation
public import GoTemplate
import HostOS
import OCI
public import SystemPackage

/// A container: the files of an image, with what a command changed in them, or changes just now.
public struct DockerContainer: Sendable {
  struct Record: Sendable, Codable {
    var id: String
    var name: String?
    /// As it was written.
    var image: String
    var command: [String]
    /// Nil for what never ran.
    var exitCode: Int32?
    /// RFC 3339.
    var created = Timestamp.now.rfc3339
  }

  let record: Record
  /// Of its manifest; nil for one whose files are not kept.
  let descriptor: Descriptor?
  /// The process that keeps it, or kept it; nil for one that ran in the foreground.
  var background: BackgroundContainer?

  public var id: String { record.id }
  public var name: String { record.name ?? "slipway_\(record.id.prefix(12))" }
  public var image: String { record.image }
  public var command: [String] { record.command }
  public var created: String { record.created }
  public var exitCode: Int32? { isRunning ? nil : record.exitCode }
  public var isRunning: Bool { background?.isRunning ?? false }
  /// The file with what it wrote; nil where that was shown and not kept.
  public var log: FilePath? { background?.log }
  /// `created`, `running` or `exited`.
  public var state: String {
    isRunning ? "running" : record.exitCode == nil && background == nil ? "created" : "exited"
  }

  /// What `docker inspect` says of it (the API's ContainerInspect), as far as it applies.
  public var inspection: TemplateValue {
    [
      "Id": .text(id), "Created": .text(created), "Path": .text(command.first ?? ""),
      "Args": .list(command.dropFirst().map { .text($0) }),
      "State": [
        "Status": .text(state), "Running": .bool(isRunning), "Paused": false, "Restarting": false,
        "OOMKilled": false, "Dead": false, "Pid": .integer(Int64(isRunning ? background?.record?.process ?? 0 : 0)),
        "ExitCode": .integer(Int64(exitCode ?? 0)), "Error": "",
      ],
      "Image": .text(descriptor?.digest.description ?? image), "Name": .text("/\(name)"), "RestartCount": 0,
      "Driver": "overlayfs",
      "Platform": "linux", "Mounts": .list([]),
      "Config": [
        "Hostname": .text(String(id.prefix(12))), "Image": .text(image), "Cmd": .list(command.map { .text($0) }),
      ],
      "NetworkSettings": ["IPAddress": "", "Ports": .map([:])],
    ]
  }
}

/// Containers that were created, or have ended: images of the store that have no name and are known as containers.
public struct DockerContainers: Sendable {
  /// Of the descriptor in the store's list: the record, as JSON.
  static let annotation = "dev.slipway.container"

  private let store: BuildStore

  public init(_ bench: Workbench) { store = bench.store }

  public static func makeID() -> String {
    (0..<4).map { _ in
      let digits = String(UInt64.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  // MARK: Look up

  /// The newest first.
  /// - Throws: `HostError`, `OCIError`.
  public func all() throws -> [DockerContainer] {
    var containers = try kept()
    for background in try backgrounds() {
      guard let record = background.record?.container else { continue }
      if let index = containers.firstIndex(where: { $0.id == record.id }) {
        containers[index].background = background
      } else {
        containers.append(DockerContainer(record: record, descriptor: nil, background: background))
      }
    }
    return containers.sorted { ($1.created, $1.id) < ($0.created, $0.id) }
  }

  /// Those whose files are kept.
  private func kept() throws -> [DockerContainer] {
    try store.content.names().manifests.compactMap { descriptor in
      guard let text = descriptor.annotations?[Self.annotation],
        let record = try? JSONDecoder().decode(DockerContainer.Record.self, from: Data(text.utf8))
      else { return nil }
      return DockerContainer(record: record, descriptor: descriptor)
    }
  }

  /// Those that run in the background, or did.
  private func backgrounds() throws -> [BackgroundContainer] {
    let folder = BackgroundContainer.parent(store)
    guard try FileStatus.ifExists(folder) != nil else { return [] }
    return try Files.names(in: folder).map { BackgroundContainer(folder: folder.appending($0)) }
  }

  /// - Parameter text: a name, an ID or the beginning of one.
  /// - Throws: `HostError`, `OCIError`.
  public func find(_ text: String) throws -> DockerContainer? {
    let containers = try all()
    let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
    if let found = containers.first(where: { $0.name == name || $0.id == text }) { return found }
    let found = containers.filter { !text.isEmpty && $0.id.hasPrefix(text) }
    return found.count == 1 ? found[0] : nil
  }

  /// - Throws: `DockerError` for what is not there.
  public func container(_ text: String) throws -> DockerContainer {
    guard let found = try find(text) else { throw DockerError.daemon("No such container: \(text)") }
    return found
  }

  /// - Throws: `DockerError` for a name that a container has.
  public func checkFree(_ name: String) throws {
    guard let known = try all().first(where: { $0.name == name }) else { return }
    throw DockerError.container(
      """
      Conflict. The container name "/\(name)" is already in use by container "\(known.id)". You have to remove (or \
      rename) that container to be able to reuse that name.
      """)
  }

  // MARK: Make and remove

  /// Keeps the files of an image, with a layer on top, as a container.
  func keep(_ image: ResolvedImage, layer: Layer?, _ record: DockerContainer.Record) throws {
    var (manifest, config) = (image.manifest, image.config)
    if let layer {
      manifest.layers.append(layer.descriptor)
      config.rootfs.diffIDs.append(layer.diffID)
      config.history =
        (config.history ?? []) + [
          History(created: record.created, createdBy: record.command.joined(separator: " "))
        ]
    }
    let bytes = try JSONDocument.encode(config)
    manifest.config = try store.content.store(bytes, mediaType: manifest.config.mediaType)
    let text = String(decoding: try JSONDocument.encode(record), as: UTF8.self)
    // Two containers of one image are two things.
    manifest.annotations = (manifest.annotations ?? [:]).merging([Self.annotation: record.id]) { $1 }
    let raw = try RawManifest(manifest)
    var descriptor = try store.content.store(raw.bytes, mediaType: raw.descriptor.mediaType)
    descriptor.annotations = [Self.annotation: text]
    try store.content.add([descriptor])
  }

  /// - Throws: `DockerError` for what is not there, or is running.
  public func remove(_ text: String) throws {
    let container = try container(text)
    guard !container.isRunning else {
      throw DockerError.daemon(
        """
        cannot remove container "/\(container.name)": container is running: stop the container before removing or \
        force remove
        """)
    }
    if let descriptor = container.descriptor { try store.content.untag([descriptor.digest.description]) }
    container.background?.discard()
  }

  /// Asks a container to end, and waits until it has.
  /// - Throws: `DockerError` for what is not there, or does not end.
  public func stop(_ text: String) async throws { try await container(text).background?.stop() }

  /// Waits for the end of a container.
  /// - Returns: its exit code.
  /// - Throws: `DockerError` for what is not there; `CancellationError`.
  public func wait(for text: String) async throws -> Int32 {
    let found = try container(text)
    while found.isRunning { try await Task.sleep(for: .milliseconds(20)) }
    let ended = found.background?.record?.container ?? found.record
    return ended.exitCode ?? 0
  }
}
