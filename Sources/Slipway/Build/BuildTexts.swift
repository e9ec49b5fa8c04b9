import Diagnostics
import HostOS
import RemoteSources
import SystemPackage

/// The texts that a build begins with, as they were read.
struct BuildTexts: Sendable {
  let dockerfile: SourceFile
  /// Nil when there is none.
  let ignore: SourceFile?

  /// A Dockerfile by itself.
  /// - Throws: `SlipwayError` with the codes `dockerfile-not-found` and `dockerfile-not-readable`; `HostError`.
  init(of path: FilePath) throws {
    let folder = path.removingLastComponent()
    dockerfile = try Self.file(path)
    ignore = try Self.ignoreFile(of: path, in: folder.isEmpty ? "." : folder)
  }

  /// What a build reads: `name` is what `--file` says, a path, `-` for standard input or a URL. A path is one of this
  /// machine, or, where the context comes from elsewhere, one of the context.
  /// - Throws: `SlipwayError` with the codes `dockerfile-not-found` and `dockerfile-not-readable`; `HostError`, and what
  ///   fetching throws.
  init(_ name: String?, in context: OpenedContext, _ standardInput: FileDescriptor, _ remotes: RemoteFetcher)
    async throws
  {
    if let given = context.dockerfile {
      dockerfile = given
      ignore = nil
    } else if let name, name == "-" {
      let bytes = try await Blocking.run { try Files.read(standardInput, limit: Self.limit) }
      dockerfile = SourceFile(name: "<stdin>", bytes: bytes)
      ignore = try Self.ignoreFile(of: "Dockerfile", in: context.folder, if: context.isLocal)
    } else if let name, name.hasPrefix("http://") || name.hasPrefix("https://") {
      let file = try await remotes.file(name) { _, _ in }
      dockerfile = SourceFile(name: name, bytes: try Self.read(file.path))
      ignore = try Self.ignoreFile(of: "Dockerfile", in: context.folder, if: context.isLocal)
    } else if context.isLocal {
      let path = name.map { FilePath($0) } ?? context.folder.appending("Dockerfile")
      dockerfile = try Self.file(path)
      ignore = try Self.ignoreFile(of: path, in: context.folder)
    } else {
      let name = name ?? "Dockerfile"
      guard let path = try context.file(name) else { throw Self.missing(FilePath(name), in: context.folder) }
      dockerfile = SourceFile(name: name, bytes: try Self.read(path))
      ignore = nil
    }
  }

  /// A Dockerfile beyond this is taken for something else. In bytes.
  private static let limit = 16 << 20

  private static func file(_ path: FilePath) throws -> SourceFile {
    SourceFile(name: path.lexicallyNormalized().string, bytes: try read(path))
  }

  private static func missing(_ path: FilePath, in folder: FilePath) -> SlipwayError {
    let names = (try? Files.names(in: folder.isEmpty ? "." : folder))?.map(\.string) ?? []
    let likely = names.filter { $0.lowercased().contains("dockerfile") || $0.lowercased().contains("containerfile") }
    let inside = path.removingLastComponent()
    return SlipwayError(
      "dockerfile-not-found", "there is no Dockerfile at \(path)",
      help: (likely.first.map { ["did you mean --file \(inside.appending($0))?"] } ?? []) + [
        "name the Dockerfile with --file PATH, or build in the folder that has one"
      ])
  }

  private static func read(_ path: FilePath) throws -> [UInt8] {
    do { return try Files.read(path, limit: limit) } catch let error as HostError where error.isMissing {
      throw missing(path, in: path.removingLastComponent())
    } catch let error as HostError {
      throw SlipwayError(
        "dockerfile-not-readable", "cannot read \(path): \(error.errno.description.lowercased())",
        help: ["name a file with --file PATH"])
    }
  }

  /// `<Dockerfile>.dockerignore` wins over the context's `.dockerignore` (Dockerfile reference, ".dockerignore file").
  static func ignoreFile(in context: FilePath) throws -> SourceFile? {
    try ignoreFile(of: context.appending(".dockerignore"), in: context)
  }

  private static func ignoreFile(
    of dockerfile: FilePath, in context: FilePath, if isLocal: Bool = true
  ) throws -> SourceFile? {
    guard isLocal else { return nil }
    let name = "\(dockerfile.lastComponent?.string ?? "Dockerfile").dockerignore"
    let own = dockerfile.removingLastComponent().appending(name)
    for path in [own, context.appending(".dockerignore")] where try FileStatus.ifExists(path) != nil {
      return SourceFile(name: path.lexicallyNormalized().string, bytes: try Files.read(path, limit: limit))
    }
    return nil
  }
}
