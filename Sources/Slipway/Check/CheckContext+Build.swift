import BuildPlanning
import Diagnostics
import DockerfileSyntax
import OCI

extension CheckContext {
  /// What the checks know before base images are looked up.
  /// - Throws: `DockerfileSyntaxError` for mistakes in .dockerignore and in `BUILDKIT_DOCKERFILE_CHECK`.
  init(_ settings: BuildSettings, ignoreFile: SourceFile?) throws {
    self.init()
    ignore = try ignoreFile.map { try DockerIgnore.parse($0).get() }
    self.ignoreFile = ignoreFile
    buildArguments = settings.options.arguments
    buildPlatform = CheckPlatform(settings.options.buildPlatform)
    targetPlatform = CheckPlatform(settings.options.platforms.first ?? .host)
    target = settings.options.target
    if let text = buildArguments["BUILDKIT_DOCKERFILE_CHECK"] {
      options = try CheckOptions.parse(text, from: "--build-arg BUILDKIT_DOCKERFILE_CHECK").get()
    }
  }

  /// Adds what the base images of the stages tell.
  mutating func know(_ images: [Int: BuildPlanning.BaseImage]) {
    for (stage, image) in images {
      let config = image.config
      var base = BaseImage(platform: CheckPlatform(config.platform), hasShell: config.config?.shell?.isEmpty == false)
      base.triggers = config.config?.onBuild ?? []
      for entry in config.config?.env ?? [] {
        guard let equals = entry.firstIndex(of: "=") else { continue }
        base.environment[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
      }
      bases[stage] = base
    }
  }
}

extension CheckPlatform {
  init(_ platform: Platform) {
    self.init(os: platform.os, architecture: platform.architecture, variant: platform.variant)
  }
}
