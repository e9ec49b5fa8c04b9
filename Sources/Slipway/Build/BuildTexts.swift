import Diagnostics
import HostOS
import SystemPackage

/// The texts that a build begins with, as they were read.
struct BuildTexts: Sendable {
  let dockerfile: SourceFile
  /// Nil when there is none.
  let ignore: SourceFile?

  /// - Throws: `SlipwayError` with the codes `context-not-found`, `dockerfile-not-found` and `dockerfile-not-readable`;
  ///   `HostError`.
  init(_ request: BuildRequest) throws {
    guard let status = try? FileStatus(following: request.context), status.kind == .directory else {
      throw SlipwayError(
        "context-not-found", "the context \(request.context) is not a folder",
        help: ["name the folder that COPY reads from, . for this one"])
    }
    let path = request.dockerfile ?? request.context.appending("Dockerfile")
    dockerfile = SourceFile(name: path.lexicallyNormalized().string, bytes: try Self.read(path, request))
    ignore = try Self.ignoreFile(request, path)
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
  private static func ignoreFile(_ request: BuildRequest, _ dockerfile: FilePath) throws -> SourceFile? {
    let name = "\(dockerfile.lastComponent?.string ?? "Dockerfile").dockerignore"
    let own = dockerfile.removingLastComponent().appending(name)
    for path in [own, request.context.appending(".dockerignore")] where try FileStatus.ifExists(path) != nil {
      return SourceFile(name: path.string, bytes: try Files.read(path, limit: 16 << 20))
    }
    return nil
  }
}
