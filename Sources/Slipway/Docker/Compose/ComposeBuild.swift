import Diagnostics
import GoTemplate
import HostOS
import SystemPackage

/// The `build` section of a service (compose-spec, build.md).
struct ComposeBuild {
  private static let known: Set = [
    "additional_contexts", "args", "cache_from", "cache_to", "context", "dockerfile", "dockerfile_inline",
    "extra_hosts", "labels", "network", "no_cache", "platforms", "pull", "shm_size", "ssh", "tags", "target", "ulimits",
  ]

  private let value: TemplateValue
  private let service: String
  private let platform: String?
  private let files: ComposeFiles

  /// - Throws: `DockerError` for what cannot be done.
  init(_ value: TemplateValue, _ service: String, _ whole: TemplateValue, _ files: ComposeFiles) throws {
    self.value = value
    self.service = service
    self.files = files
    platform = whole["platform"].map(\.description)
    for member in ComposeTree.members(of: value) where !Self.known.contains(member.name) {
      guard !member.name.hasPrefix("x-"), member.value != .bool(false), member.value != .null else { continue }
      let near = Suggestion.nearest(to: member.name, in: Self.known.sorted()).map { ": did you mean \($0)?" } ?? ""
      throw DockerError("service \"\(service)\": build.\(member.name) is not available\(near)")
    }
  }

  func request(_ image: String) throws -> BuildRequest {
    let context = value["context"]?.description ?? "."
    let isRemote = context.contains("://") || context.hasPrefix("git@")
    var request = BuildRequest(context: isRemote ? context : files.folder.pushing(FilePath(context)).string)
    if let file = value["dockerfile"]?.description {
      // Beside the context, unlike docker build's flag.
      request.dockerfile =
        isRemote || file.hasPrefix("/") ? file : FilePath(request.context).pushing(FilePath(file)).string
    }
    guard value["dockerfile_inline"] == nil else {
      throw DockerError("service \"\(service)\": build.dockerfile_inline is not available: put it into a file")
    }
    request.tags = [image] + ComposeService.texts(value["tags"]).filter { $0 != image }
    request.buildArguments = pairs("args")
    request.labels = pairs("labels")
    request.target = value["target"]?.description
    request.cacheImports = ComposeService.texts(value["cache_from"])
    request.cacheExports = ComposeService.texts(value["cache_to"])
    request.platforms = ComposeService.texts(value["platforms"])
    if request.platforms.isEmpty, let platform { request.platforms = [platform] }
    request.network = value["network"]?.description ?? "default"
    request.ignoresCache = value["no_cache"] == .bool(true)
    request.pullsAlways = value["pull"] == .bool(true)
    request.sharedMemorySize = value["shm_size"]?.description
    request.agents = ComposeService.texts(value["ssh"])
    request.hosts = ComposeTree.members(of: value["extra_hosts"]).map { "\($0.name):\($0.value)" }
    request.buildContexts = ComposeTree.members(of: value["additional_contexts"]).map { "\($0.name)=\($0.value)" }
    request.limits = ComposeTree.members(of: value["ulimits"]).map { member in
      let hard = member.value["hard"].map { ":\($0)" } ?? ""
      return "\(member.name)=\(member.value["soft"]?.description ?? member.value.description)\(hard)"
    }
    return request
  }

  /// A name without a value has that of the environment, if there is one.
  private func pairs(_ key: String) -> [String] {
    ComposeTree.members(of: value[key]).compactMap { member in
      guard member.value == .null else { return "\(member.name)=\(member.value)" }
      return files.variables.values[member.name].map { "\(member.name)=\($0)" }
    }
  }
}
