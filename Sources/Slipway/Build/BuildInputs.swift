import Diagnostics
import DockerfileSyntax
import HostOS
import SystemPackage

/// The files that a build begins with.
struct BuildInputs: Sendable {
  var dockerfile: Dockerfile
  var ignore: DockerIgnore
  /// Warnings.
  var diagnostics: [Diagnostic]

  /// - Throws: `SlipwayError` with the codes `context-not-found` and `dockerfile-not-found`; `DockerfileSyntaxError`.
  init(_ request: BuildRequest) throws {
    guard let status = try? FileStatus(following: request.context), status.kind == .directory else {
      throw SlipwayError(
        "context-not-found", "the context \(request.context) is not a folder",
        help: ["name the folder that COPY reads from, . for this one"])
    }
    let path = request.dockerfile ?? request.context.appending("Dockerfile")
    let parsed = Dockerfile.parse(SourceFile(name: path.string, bytes: try Self.read(path, request)))
    dockerfile = try parsed.get()
    diagnostics = parsed.diagnostics
    ignore = try Self.ignoreRules(request, path)
  }

  private static func read(_ path: FilePath, _ request: BuildRequest) throws -> [UInt8] {
    do { return try Files.read(path, limit: 16 << 20) } catch let error as HostError where error.isMissing {
      var help: [String] = []
      let folder = path.removingLastComponent()
      let names = (try? Files.names(in: folder.isEmpty ? "." : folder))?.map(\.string) ?? []
      let likely = names.filter { $0.lowercased().contains("dockerfile") || $0.lowercased().contains("containerfile") }
      if let nearest = likely.first { help.append("did you mean --file \(folder.appending(nearest))?") }
      help.append("name the Dockerfile with --file PATH, or build in the folder that has one")
      throw SlipwayError("dockerfile-not-found", "there is no Dockerfile at \(path)", help: help)
    } catch let error as HostError {
      throw SlipwayError(
        "dockerfile-not-readable", "cannot read \(path): \(error.errno.description.lowercased())",
        help: ["name a file with --file PATH"])
    }
  }

  /// `<Dockerfile>.dockerignore` wins over the context's `.dockerignore` (Dockerfile reference, ".dockerignore file").
  private static func ignoreRules(_ request: BuildRequest, _ dockerfile: FilePath) throws -> DockerIgnore {
    let own = dockerfile.removingLastComponent().appending(
      "\(dockerfile.lastComponent?.string ?? "Dockerfile").dockerignore")
    for path in [own, request.context.appending(".dockerignore")] where try FileStatus.ifExists(path) != nil {
      let file = SourceFile(name: path.string, bytes: try Files.read(path, limit: 16 << 20))
      return try DockerIgnore.parse(file).get()
    }
    return DockerIgnore()
  }
}
