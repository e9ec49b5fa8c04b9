import BuildPlanning
import Diagnostics
import DockerfileSyntax
import Foundation
import HostOS
import OCI
import SystemPackage

/// A folder with a Dockerfile and what is expected of it.
struct PlanningCase {
  /// `options.json`. Images are image configurations by their names as FROM has them completed, `docker.io/library/x:latest`,
  /// or by name and platform, `docker.io/library/x:latest linux/arm64`; a name is pinned by its own digest. Names that are
  /// not listed are unknown. Contexts are what `--build-context` says, with `folder` for a folder of this machine.
  struct Options: Decodable {
    var target: String?
    var platforms: [String]?
    var platformsAreRequested: Bool?
    var buildPlatform: String?
    var arguments: [String: String]?
    var labels: [String: String]?
    var network: ExecOperation.Network?
    var permitsHostNetwork: Bool?
    var images: [String: ImageConfig]?
    var contexts: [String: String]?
    var stagesWithoutCache: [String]?
    /// What is shown beside the plan: `json`, `outline`, `targets`.
    var shows: [String]?

    static let members: Set = [
      "target", "platforms", "platformsAreRequested", "buildPlatform", "arguments", "labels", "network",
      "permitsHostNetwork", "images",
      "contexts", "stagesWithoutCache", "shows",
    ]
  }

  let folder: FilePath

  init(_ folder: FilePath) { self.folder = folder }

  private static let outcomes = [
    "plan.txt", "plan.json", "outline.txt", "outline.json", "targets.txt", "targets.json", "error.txt",
  ]
  private static let files: Set = Set(["Dockerfile", "options.json"] + outcomes)

  /// What is not as expected, empty when all is.
  func differences() throws -> [String] {
    let names = try Files.names(in: folder).map(\.string)
    var differences = names.filter { !Self.files.contains($0) }.map { "\($0) is no file of a case" }
    let actual: [String: String]
    do { actual = try outcome() } catch let error as OptionsError { return differences + [error.message] }
    if actual.isEmpty { differences.append("there is no outcome") }
    for name in Self.outcomes {
      let expected = try text(name)
      if expected != actual[name] {
        differences.append("\(name) differs; expected:\n\(expected ?? "none")\nactual:\n\(actual[name] ?? "none")")
      }
    }
    return differences
  }

  /// Writes the expected files anew.
  func record() throws {
    let actual = try outcome()
    for name in Self.outcomes where try text(name) != actual[name] {
      try Files.removeTree(folder.appending(name))
      if let text = actual[name] { try Files.writeAtomically(Array(text.utf8), to: folder.appending(name)) }
    }
  }

  private struct OptionsError: Error {
    var message: String
  }

  private func text(_ name: String) throws -> String? {
    guard try FileStatus.ifExists(folder.appending(name)) != nil else { return nil }
    return String(decoding: try Files.read(folder.appending(name)), as: UTF8.self)
  }

  private func outcome() throws -> [String: String] {
    try outcome(of: try Files.read(folder.appending("Dockerfile")))
  }

  /// The expected files that another Dockerfile would have.
  func outcome(of dockerfile: [UInt8]) throws -> [String: String] {
    let given = try options()
    let file = SourceFile(name: "Dockerfile", bytes: dockerfile)
    do {
      let dockerfile = try Dockerfile.parse(file).get()
      let planner = BuildPlanner(dockerfile, try buildOptions(given))
      let images = try images(for: planner, given)
      let plan = try planner.plan(images)
      let warnings = plan.diagnostics.isEmpty ? "" : "\nwarnings\n" + DiagnosticRenderer().render(plan.diagnostics)
      var outcome = ["plan.txt": plan.description + warnings]
      let shows = Set(given.shows ?? [])
      if shows.contains("json") { outcome["plan.json"] = try Self.json(plan) }
      if shows.contains("outline") {
        let outline = try planner.outline(images)
        outcome["outline.txt"] = outline.description
        outcome["outline.json"] = try Self.json(outline)
      }
      if shows.contains("targets") {
        let list = TargetList(dockerfile)
        outcome["targets.txt"] = list.description
        outcome["targets.json"] = try Self.json(list)
      }
      return outcome
    } catch let error as any DiagnosticError {
      return ["error.txt": "exit code \(error.exitCode.rawValue)\n" + DiagnosticRenderer().render(error.diagnostics)]
    }
  }

  private static func json(_ value: some Encodable) throws -> String {
    String(decoding: try JSONDocument.encode(value, pretty: true), as: UTF8.self) + "\n"
  }

  private func options() throws -> Options {
    guard let text = try text("options.json") else { return Options() }
    let members = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    if let unknown = members.keys.sorted().first(where: { !Options.members.contains($0) }) {
      throw OptionsError(message: "options.json has an unknown member \(unknown)")
    }
    return try JSONDocument.decode(Options.self, from: Array(text.utf8), called: "options.json")
  }

  private func buildOptions(_ given: Options) throws -> BuildOptions {
    var options = BuildOptions(
      platforms: try (given.platforms ?? ["linux/amd64"]).map { try Platform(parsing: $0) })
    options.buildPlatform = try Platform(parsing: given.buildPlatform ?? "linux/amd64")
    options.target = given.target
    options.arguments = given.arguments ?? [:]
    options.labels = given.labels ?? [:]
    options.network = given.network ?? .host
    options.permitsHostNetwork = given.permitsHostNetwork ?? true
    options.platformsAreRequested = given.platformsAreRequested ?? false
    options.stagesWithoutCache = Set(given.stagesWithoutCache ?? [])
    for (name, text) in given.contexts ?? [:] {
      let name = try ContextName(parsing: name)
      options.contexts[name.description] = try Self.context(text, name)
    }
    return options
  }

  private static func context(_ text: String, _ name: ContextName) throws -> NamedContext {
    if text == "folder" { return .folder }
    if text.hasPrefix("docker-image://") {
      return .image(try ImageReference(parsing: String(text.dropFirst("docker-image://".count))))
    }
    if text.hasPrefix("oci-layout://") {
      return .layout(try ImageReference(parsing: "layout.test/" + text.dropFirst("oci-layout://".count)))
    }
    switch try RemoteSource.parse(text) {
    case .git(let reference)?: return .git(reference)
    case .http(let url, let fileName)?: return .http(HTTPSource(url: url, fileName: fileName))
    case nil: throw OptionsError(message: "options.json has a context \(text), which means nothing")
    }
  }

  /// Asks in rounds, as a build does.
  private func images(for planner: BuildPlanner, _ given: Options) throws -> [ImageRequirement: BaseImage] {
    var known: [ImageRequirement: BaseImage] = [:]
    while true {
      let missing = try planner.missingImages(known)
      var found = false
      for requirement in missing {
        let name = requirement.reference.description
        guard let config = given.images?["\(name) \(requirement.platform)"] ?? given.images?[name] else { continue }
        let digest = Digest(sha256Of: Array(requirement.reference.description.utf8))
        known[requirement] = BaseImage(pinned: requirement.reference.with(digest: digest), config: config)
        found = true
      }
      if !found { return known }
    }
  }
}
