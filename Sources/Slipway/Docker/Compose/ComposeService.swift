import Diagnostics
import GoTemplate
import HostOS
import SystemPackage

/// A service of a compose file, as far as it is about images and about running one.
public struct ComposeService: Sendable {
  public let name: String
  /// What it is run from: the image that it names, or the one that is built for it.
  public let image: String
  /// Whether the file says the name of the image.
  public let namesImage: Bool
  /// Nil for a service that is not built.
  public let build: BuildRequest?
  public let dependencies: [String]
  let profiles: [String]
  public internal(set) var isActive = true
  private let value: TemplateValue
  private let folder: FilePath
  private let variables: ComposeVariables

  init(_ name: String, _ value: TemplateValue, project: String, _ files: ComposeFiles) throws {
    self.name = name
    self.value = value
    folder = files.folder
    variables = files.variables
    guard value["extends"] == nil else {
      throw DockerError("service \"\(name)\" uses extends:, which is not available: write the service in full")
    }
    let own = value["image"].flatMap { $0 == .null ? nil : $0.description }
    guard own != nil || value["build"] != nil else {
      throw DockerError(
        "service \"\(name)\" has neither an image nor a build context specified: invalid compose project")
    }
    image = own ?? "\(project)-\(name)"
    namesImage = own != nil
    profiles = Self.texts(value["profiles"])
    dependencies = ComposeTree.members(of: value["depends_on"]).map(\.name)
    if let section = value["build"] {
      build = try ComposeBuild(ComposeTree.longBuild(section), name, value, files).request(image)
    } else {
      build = nil
    }
  }

  static func texts(_ value: TemplateValue?) -> [String] {
    switch value {
    case .list(let values)?: values.map(\.description)
    case nil, .null?: []
    case let single?: [single.description]
    }
  }

  // MARK: Run

  /// What `docker compose run` of the service asks for.
  /// - Parameter arguments: in place of its command.
  /// - Throws: `DockerError`.
  public func run(_ arguments: [String]) throws -> DockerRunRequest {
    var request = DockerRunRequest(image: image)
    request.arguments = arguments.isEmpty ? try words(value["command"]) : arguments
    if let entrypoint = value["entrypoint"], entrypoint != .null {
      let words = try words(entrypoint)
      request.entrypoint = words.first ?? ""
      request.arguments = words.dropFirst() + request.arguments
    }
    request.environment = try environment()
    request.workingDirectory = value["working_dir"]?.description
    request.user = value["user"]?.description
    request.hostName = value["hostname"]?.description
    request.platform = value["platform"]?.description
    request.hosts = ComposeTree.members(of: value["extra_hosts"]).map { "\($0.name):\($0.value)" }
    request.volumes = try volumes()
    request.temporaryFolders = Self.texts(value["tmpfs"])
    if value["network_mode"]?.description == "none" { request.network = "none" }
    request.sharedMemorySize = value["shm_size"]?.description
    return request
  }

  private func environment() throws -> [String] {
    var texts: [String] = []
    for file in Self.texts(value["env_file"]) {
      let path = folder.pushing(FilePath(file))
      let bytes: [UInt8]
      do { bytes = try Files.read(path) } catch { throw DockerError("env file \(path) not found") }
      texts += ComposeVariables.read(String(decoding: bytes, as: UTF8.self), over: [:]).sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value)" }
    }
    return texts
      + ComposeTree.members(of: value["environment"]).compactMap { member in
        member.value == .null
          ? variables.values[member.name].map { "\(member.name)=\($0)" } : "\(member.name)=\(member.value)"
      }
  }

  private func volumes() throws -> [String] {
    guard case .list(let values)? = value["volumes"] else { return [] }
    return try values.map { value in
      guard case .record = value else {
        let parts = value.description.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return value.description }
        return "\(absolute(parts[0])):\(parts[1])"
      }
      guard value["type"]?.description == "bind", let source = value["source"], let target = value["target"] else {
        throw DockerError("service \"\(name)\": only volumes of type: bind are available")
      }
      return "\(absolute(source.description)):\(target)\(value["read_only"] == .bool(true) ? ":ro" : "")"
    }
  }

  /// Paths are those of the compose file; names of volumes stay what they are.
  private func absolute(_ path: String) -> String {
    guard path.hasPrefix(".") else { return path }
    let here = (try? Files.symbolicLinkTarget("/proc/self/cwd")) ?? "/"
    return here.pushing(folder).pushing(FilePath(path)).lexicallyNormalized().string
  }

  /// A list, or a text with a shell's quotes.
  private func words(_ value: TemplateValue?) throws -> [String] {
    guard case .text(let text)? = value else { return Self.texts(value) }
    var (words, word, quote): ([String], String?, Character?) = ([], nil, nil)
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "\\", quote != "'", let next = rest.popFirst() {
        word = (word ?? "") + String(next)
      } else if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil else { throw DockerError("service \"\(name)\": a quotation mark has no end: \(text)") }
    return words + [word].compactMap { $0 }
  }
}
