import Buildspec
import Diagnostics
import DockerfileSyntax
import HostOS
import SourceYAML
import SystemPackage

/// `slipway check`: what is wrong or doubtful in a Dockerfile or a buildspec, without building it.
public struct Check: Sendable {
  let request: CheckRequest

  public init(_ request: CheckRequest) { self.request = request }

  /// Reads files and nothing else; base images are not looked up, so what only they tell is not checked.
  /// - Throws: `SlipwayError`, `OCIError` and `DockerfileSyntaxError` for files and settings that are not usable.
  public func run() throws -> CheckResult {
    if let file = try Self.buildspec(request.file) {
      do {
        return CheckResult(buildspec: try Buildspec.checked(file).warnings, file: file)
      } catch let error as BuildspecError {
        return CheckResult(buildspec: error.diagnostics, file: file)
      }
    }
    var build = BuildRequest(context: ".")
    build.buildArguments = request.buildArguments
    build.target = request.target
    build.platforms = [request.platform].compactMap { $0 }
    let settings = try BuildSettings(build, request.environment)
    let texts = try BuildTexts(of: request.file)
    let context = try CheckContext(settings, ignoreFile: texts.ignore)
    return CheckResult(report: Dockerfile.parse(texts.dockerfile).check(context), file: texts.dockerfile)
  }

  /// A file whose name says that it is a buildspec, or YAML with the keys of one; nil for others.
  private static func buildspec(_ path: FilePath) throws -> SourceFile? {
    let name = path.lastComponent?.string.lowercased() ?? ""
    let isYAML = name.hasSuffix(".yml") || name.hasSuffix(".yaml")
    guard isYAML, (try? FileStatus(following: path))?.kind == .file else { return nil }
    let file = SourceFile(name: path.lexicallyNormalized().string, bytes: try Files.read(path, limit: 16 << 20))
    if name.contains("buildspec") { return file }
    guard let top = try? YAMLDocument.parse(file).root.mapping else { return nil }
    return top["version"] != nil && top["phases"] != nil ? file : nil
  }
}
