import OCI

/// `docker create`: a container that never runs, for `docker cp`.
public struct DockerCreate: Sendable {
  private let request: DockerRunRequest
  private let bench: Workbench
  private let access: ImageAccess

  /// - Throws: `RegistryError`.
  public init(_ request: DockerRunRequest, _ bench: Workbench) throws {
    self.request = request
    self.bench = bench
    access = try ImageAccess(bench)
  }

  /// - Returns: the ID.
  /// - Throws: `DockerError`, and what pulling throws.
  public func run() async throws -> String {
    let containers = DockerContainers(bench)
    if let name = request.name { try containers.checkFree(name) }
    let use = try await StoreUse(of: bench.store)
    defer { use.end() }
    let image = try await DockerImageLookup(bench, access).image(
      request.image, platform: request.platform, pull: request.pull)
    let config = image.config.config
    let record = DockerContainer.Record(
      id: DockerContainers.makeID(), name: request.name, image: request.image,
      command: (config?.entrypoint ?? []) + (request.arguments.isEmpty ? config?.cmd ?? [] : request.arguments))
    try containers.keep(image, layer: nil, record)
    return record.id
  }
}
