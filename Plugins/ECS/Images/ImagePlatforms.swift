import AWS
import DeployPlugins
import JSON

/// Checks that the images can run where the task definition wants to run them.
public struct ImagePlatforms: Sendable {
  private let client: ECSClient

  public init(_ client: ECSClient) { self.client = client }

  /// The platform of a task definition, as images name it; nil where its instances decide.
  public static func platform(of draft: TaskDefinitionDraft) -> String? {
    let platform = draft.json["runtimePlatform"]
    guard platform != nil || draft.isForFargate else { return nil }
    let system = platform?["operatingSystemFamily"]?.string ?? "LINUX"
    let architecture =
      switch platform?["cpuArchitecture"]?.string ?? "X86_64" {
      case "ARM64": "arm64"
      case "X86_64": "amd64"
      case let other: other.lowercased()
      }
    return "\(system.hasPrefix("WINDOWS") ? "windows" : "linux")/\(architecture)"
  }

  /// - Throws: `PluginFailure` of the category `config` when an image has no variant for the platform.
  public func check(_ images: ContainerImages, _ draft: TaskDefinitionDraft) async throws {
    guard let wanted = Self.platform(of: draft) else { return }
    for choice in images.choices {
      let platforms = try await platforms(of: choice)
      guard !platforms.isEmpty, !platforms.contains(where: { Self.fits($0, wanted) }) else { continue }
      throw PluginFailure(
        code: "wrong-platform",
        message: "the image of \(choice.container) is for \(platforms.joined(separator: ", ")), and the task runs on "
          + wanted,
        hint: "build it with --platform \(wanted), or change runtimePlatform of the task definition",
        path: "/containers/\(choice.container)", category: .config)
    }
  }

  private static func fits(_ platform: String, _ wanted: String) -> Bool {
    platform == wanted || platform.hasPrefix(wanted + "/")
  }

  private func platforms(of choice: ContainerImages.Choice) async throws -> [String] {
    if !choice.image.platforms.isEmpty { return choice.image.platforms }
    let parts = choice.reference.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2, let registry = ECRRegistry(host: parts[0]), let account = registry.account else {
      return []
    }
    let name = ContainerImages.withoutTag(parts[1].split(separator: "@")[0].description)
    let identifier: JSONValue
    if let digest = parts[1].split(separator: "@", maxSplits: 1).dropFirst().first {
      identifier = ["imageDigest": .string(String(digest))]
    } else {
      identifier = ["imageTag": .string(parts[1].split(separator: ":").dropFirst().first.map(String.init) ?? "latest")]
    }
    let repository: JSONValue = ["registryId": .string(account), "repositoryName": .string(name)]
    var call = repository
    call["imageIds"] = [identifier]
    call["acceptedMediaTypes"] = .array(Self.manifests.map { .string($0) })
    let answer = try await client.quietly(.ecr, "BatchGetImage", call, region: registry.region)
    guard let text = answer?["images"]?[0]?["imageManifest"]?.string, let manifest = try? JSONValue(parsing: text)
    else { return [] }
    if let entries = manifest["manifests"]?.array { return entries.compactMap { Self.text($0["platform"]) } }
    // A manifest of one platform does not name it; the configuration does.
    guard let digest = manifest["config"]?["digest"] else { return [] }
    call = repository
    call["layerDigest"] = digest
    guard
      let address = try await client.quietly(.ecr, "GetDownloadUrlForLayer", call, region: registry.region)?[
        "downloadUrl"]?.string,
      let bytes = try await client.fetch(address)
    else { return [] }
    return [Self.text(try? JSONValue(parsing: bytes))].compactMap { $0 }
  }

  private static let manifests = [
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
  ]

  /// Of an index's entry, or of a configuration.
  private static func text(_ platform: JSONValue?) -> String? {
    guard let system = platform?["os"]?.string, let architecture = platform?["architecture"]?.string,
      system != "unknown"
    else { return nil }
    return "\(system)/\(architecture)"
  }
}
