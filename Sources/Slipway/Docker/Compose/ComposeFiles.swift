import Diagnostics
import GoTemplate
import HostOS
import SourceYAML
import SystemPackage

/// What `docker compose` is told before its command.
public struct ComposeOptions: Sendable {
  public var files: [String] = []
  public var projectName: String?
  public var projectDirectory: String?
  public var environmentFiles: [String] = []
  public var profiles: [String] = []

  public init() {}
}

/// Finds and reads the compose files of a project.
struct ComposeFiles {
  private static let names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]
  private static let overrides = [
    "compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml",
  ]

  let folder: FilePath
  let variables: ComposeVariables
  private(set) var tree: TemplateValue = .record([])
  private(set) var warnings: [Diagnostic] = []

  /// - Throws: `DockerError`, `ComposeError`, `YAMLError`, `HostError`.
  init(_ options: ComposeOptions, _ environment: Environment) throws {
    let files = try Self.files(options, environment)
    let first = files[0].string == "-" ? nil : files[0]
    folder =
      options.projectDirectory.map { FilePath($0) } ?? first.map { $0.removingLastComponent() } ?? "."
    var values: [String: String] = [:]
    let given = options.environmentFiles.map { FilePath($0) }
    for file in given.isEmpty ? [folder.appending(".env")] : given {
      guard given.contains(file) || (try? FileStatus(following: file)) != nil else { continue }
      do { values = ComposeVariables.read(String(decoding: try Files.read(file), as: UTF8.self), over: values) } catch {
        throw DockerError("couldn't find env file: \(file)")
      }
    }
    variables = ComposeVariables(values: values.merging(environment.variables) { $1 })
    for file in files { try read(file) }
  }

  private static func files(_ options: ComposeOptions, _ environment: Environment) throws -> [FilePath] {
    if !options.files.isEmpty { return options.files.map { FilePath($0) } }
    if let text = environment.nonEmpty("COMPOSE_FILE") {
      let separator = environment.nonEmpty("COMPOSE_PATH_SEPARATOR")?.first ?? ":"
      return text.split(separator: separator).map { FilePath(String($0)) }
    }
    func found(_ names: [String], in folder: FilePath) -> FilePath? {
      names.map { folder.isEmpty ? FilePath($0) : folder.appending($0) }.first {
        (try? FileStatus(following: $0)) != nil
      }
    }
    var folder = FilePath(options.projectDirectory ?? "")
    for _ in 0..<64 {
      if let file = found(names, in: folder) { return [file] + [found(overrides, in: folder)].compactMap { $0 } }
      // As compose does, in the folders above.
      let above = folder.appending("..")
      guard options.projectDirectory == nil, let here = try? FileStatus(following: folder.isEmpty ? "." : folder),
        let next = try? FileStatus(following: above), here.inode != next.inode
      else { break }
      folder = above
    }
    throw DockerError("no configuration file provided: not found", exitCode: .init(rawValue: 14))
  }

  private mutating func read(_ path: FilePath) throws {
    let bytes: [UInt8]
    do { bytes = path.string == "-" ? try Files.read(.standardInput) : try Files.read(path) } catch let error
      as HostError
    {
      throw DockerError("open \(path): \(error.errno.description.lowercased())", exitCode: .init(rawValue: 14))
    }
    let document = try YAMLDocument.parse(SourceFile(name: path.string, bytes: bytes))
    warnings += document.warnings
    guard document.root.mapping != nil else {
      throw ComposeError(
        "\(path) is \(document.root.kindName) and no compose file", at: document.root, in: document.file,
        help: ["a compose file has services:, a mapping of names"])
    }
    tree = ComposeTree.merge(tree, try ComposeTree.read(document, variables))
  }
}
