public import Diagnostics
public import GoTemplate
public import HostOS
import OCI
import SystemPackage

/// What compose files say of images.
public struct ComposeProject: Sendable {
  public let name: String
  public let services: [ComposeService]
  /// All that the files say, merged and with variables put in.
  public let tree: TemplateValue
  public let warnings: [Diagnostic]

  /// - Throws: errors that are `DiagnosticError`s.
  public init(_ options: ComposeOptions, _ environment: Environment) throws {
    let files = try ComposeFiles(options, environment)
    warnings = files.warnings
    let given = options.projectName ?? files.variables.values["COMPOSE_PROJECT_NAME"]
    name = Self.name(given ?? files.tree["name"]?.description ?? Self.folderName(files.folder))
    guard case .record(let members)? = files.tree["services"] else {
      throw DockerError("no services are defined: a compose file has services:, a mapping of names")
    }
    for key in ["include"] where files.tree[key] != nil {
      throw DockerError("\(key): is not available in compose files: name all files with --file")
    }
    let project = name
    let active = Set(
      options.profiles + (environment.nonEmpty("COMPOSE_PROFILES") ?? "").split(separator: ",").map(String.init))
    var services: [ComposeService] = []
    for member in members {
      var service = try ComposeService(member.name, member.value, project: project, files)
      service.isActive = service.profiles.isEmpty || active.contains("*") || !active.isDisjoint(with: service.profiles)
      services.append(service)
    }
    self.services = services
    tree = ComposeTree.merge(.record([.init("name", .text(name))]), files.tree)
  }

  /// Those that are named, else all whose profiles are wanted.
  /// - Throws: `DockerError` for a name that no service has.
  public func services(_ names: [String]) throws -> [ComposeService] {
    guard !names.isEmpty else { return services.filter(\.isActive) }
    return try names.map { name in
      guard let service = services.first(where: { $0.name == name }) else {
        throw DockerError("no such service: \(name)")
      }
      return service
    }
  }

  private static func folderName(_ folder: FilePath) -> String {
    if let name = folder.lexicallyNormalized().lastComponent?.string, name != ".", name != ".." { return name }
    let here = (try? Files.symbolicLinkTarget("/proc/self/cwd")) ?? "/"
    return here.pushing(folder).lexicallyNormalized().lastComponent?.string ?? "project"
  }

  /// As compose-go does: small letters, digits, `-` and `_`, and a letter or a digit first.
  private static func name(_ text: String) -> String {
    let plain = text.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    return String(plain.drop { $0 == "-" || $0 == "_" })
  }
}
