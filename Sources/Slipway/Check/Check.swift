import BuildPlanning
import DockerfileSyntax
import OCI
import SystemPackage

/// `slipway check`: what is wrong or doubtful in a Dockerfile, without building it.
public struct Check: Sendable {
  let request: CheckRequest

  public init(_ request: CheckRequest) { self.request = request }

  /// Reads files and nothing else; base images are not looked up, so what only they tell is not checked.
  /// - Throws: `SlipwayError`, `OCIError` and `DockerfileSyntaxError` for files and settings that are not usable.
  public func run() throws -> CheckResult {
    let folder = request.file.removingLastComponent()
    var build = BuildRequest(context: folder.isEmpty ? "." : folder)
    build.dockerfile = request.file
    build.buildArguments = request.buildArguments
    build.target = request.target
    build.platforms = [request.platform].compactMap { $0 }
    let settings = try BuildSettings(build, request.environment)
    let texts = try BuildTexts(build)
    var context = CheckContext()
    context.ignore = try texts.ignore.map { try DockerIgnore.parse($0).get() }
    context.ignoreFile = texts.ignore
    context.buildArguments = settings.options.arguments
    context.buildPlatform = CheckPlatform(settings.options.buildPlatform)
    context.targetPlatform = CheckPlatform(settings.options.platforms.first ?? .host)
    context.target = request.target
    return CheckResult(report: Dockerfile.parse(texts.dockerfile).check(context), file: texts.dockerfile)
  }
}

extension CheckPlatform {
  fileprivate init(_ platform: Platform) {
    self.init(os: platform.os, architecture: platform.architecture, variant: platform.variant)
  }
}
