import DockerfileSyntax
import SystemPackage

/// `slipway check`: what is wrong or doubtful in a Dockerfile, without building it.
public struct Check: Sendable {
  let request: CheckRequest

  public init(_ request: CheckRequest) { self.request = request }

  /// Reads files and nothing else; base images are not looked up, so what only they tell is not checked.
  /// - Throws: `SlipwayError`, `OCIError` and `DockerfileSyntaxError` for files and settings that are not usable.
  public func run() throws -> CheckResult {
    var build = BuildRequest(context: ".")
    build.buildArguments = request.buildArguments
    build.target = request.target
    build.platforms = [request.platform].compactMap { $0 }
    let settings = try BuildSettings(build, request.environment)
    let texts = try BuildTexts(of: request.file)
    let context = try CheckContext(settings, ignoreFile: texts.ignore)
    return CheckResult(report: Dockerfile.parse(texts.dockerfile).check(context), file: texts.dockerfile)
  }
}
