import Archive
import BuildPlanning
import Builder
import Diagnostics
import DockerfileSyntax
import HostOS
import Images
import OCI
import Sandbox
import SystemPackage

/// A request whose texts are understood.
struct BuildSettings: Sendable {
  var options: BuildOptions
  var names: [ImageReference]
  var outputs: [OutputSpecification]
  /// Of repositories of Amazon ECR that a push needs and that are missing.
  var repositoryCreation: RepositoryCreation?
  var annotations: ImageAnnotations
  var isolation: Isolation
  /// Of one RUN.
  var runTimeout: Duration?
  /// Whether a shell is opened where a command fails.
  var opensShell: Bool
  var cacheImports: [CacheImportOption]
  var cacheExports: [CacheExportOption]
  /// `--build-context`.
  var contexts: [NamedContextOption]
  /// By ids.
  var secrets: [String: SecretSource] = [:]
  /// Sockets of SSH agents, by ids.
  var agents: [String: FilePath] = [:]
  /// What says the time; `setTiming` changes it.
  var timing: BuildEpoch
  /// Whether of the files of contexts only that counts which git keeps. Times and masked modes are those of whoever
  /// checked them out.
  var countsAsCheckout: Bool

  /// - Throws: `SlipwayError`, `OCIError`; all with the exit code for wrong usage.
  init(_ request: BuildRequest, _ environment: Environment) throws {
    names = try request.tags.map { try Self.name($0) }
    outputs = try request.outputs.map { [names] in try OutputSpecification(parsing: $0, names: names) }
    cacheImports = try request.cacheImports.map { try CacheImportOption(parsing: $0) }
    cacheExports = try request.cacheExports.map { try CacheExportOption(parsing: $0) }
    if request.pushes {
      guard !names.isEmpty else {
        throw SlipwayError(
          "nothing-to-push", "an image without a name cannot be pushed", help: ["name it: --tag REGISTRY/NAME:TAG"])
      }
      outputs.append(try OutputSpecification(parsing: "type=registry", names: names))
    }
    repositoryCreation = try request.repositoryCreation.map { try RepositoryCreation(parsing: $0) }
    if repositoryCreation != nil, outputs.allSatisfy(\.registryNames.isEmpty) {
      throw SlipwayError(
        "nothing-to-push", "--ecr-create makes repositories for a push, and nothing is pushed", help: ["add --push"])
    }
    options = BuildOptions(platforms: try Self.platforms(request.platforms))
    if options.platforms.count > 1, outputs.contains(where: { $0.kind == .archive(.docker) }) {
      throw SlipwayError(
        "several-images",
        "--output type=docker holds one image, and the build is for \(options.platforms.count) platforms",
        help: ["write type=oci, or build for one --platform"])
    }
    options.platformsAreRequested = !request.platforms.isEmpty
    options.target = request.target
    options.arguments = try Self.arguments(request.buildArguments, environment)
    options.labels = try Self.pairs(request.labels, flag: "--label")
    options.network = try Self.network(request.network)
    options.permitsHostNetwork = request.permitsHostNetwork
    options.surroundings = try ExecSurroundings(request)
    options.stagesWithoutCache = Set(request.stagesWithoutCache.flatMap { $0.split(separator: ",").map(String.init) })
    timing = try BuildEpoch(request, options.arguments, environment)
    countsAsCheckout = request.isReproducible
    isolation = try Self.isolation(request.isolation)
    runTimeout = try request.runTimeout.map(Self.runTimeout)
    opensShell = try Self.opensShell(request.onError)
    contexts = try request.buildContexts.map { try NamedContextOption($0) }
    for option in contexts { options.contexts[option.name.description] = option.context }
    for secret in try request.secrets.map({ try SecretOption($0, environment) }) { secrets[secret.id] = secret.source }
    for agent in try request.agents.map({ try AgentOption($0, environment) }) { agents[agent.id] = agent.socket }
    annotations = try ImageAnnotations(parsing: request.annotations, platforms: options.platforms)
    setTiming(timing)
    try checkRewriting()
  }

  /// What layers are written with at first: what all outputs want, so that nothing is compressed twice. eStargz is made
  /// of layers that exist.
  var compression: Compression {
    let wanted = Set(outputs.map(\.compression.compression))
    guard wanted.count == 1, let only = wanted.first else { return .default }
    if case .estargz = only { return .default }
    return only
  }

  static func name(_ text: String) throws -> ImageReference {
    let name = try ImageReference(parsing: text)
    guard name.digest == nil else {
      throw SlipwayError(
        "invalid-tag", "--tag \(text) has a digest, which only the finished image has", help: ["write NAME[:TAG]"])
    }
    return name.withDefaultTag
  }

  /// Each once, in the order in which they were given.
  static func platforms(_ texts: [String]) throws -> [Platform] {
    var platforms: [Platform] = []
    for text in texts.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
      let platform = try Platform(parsing: String(text))
      if !platforms.contains(platform) { platforms.append(platform) }
    }
    return platforms.isEmpty ? [.host] : platforms
  }

  private static func arguments(_ texts: [String], _ environment: Environment) throws -> [String: String] {
    var arguments: [String: String] = [:]
    for text in texts {
      if text.contains("=") {
        arguments.merge(try pairs([text], flag: "--build-arg")) { _, new in new }
      } else if text.isEmpty {
        throw SlipwayError("invalid-pair", "--build-arg is empty", help: ["write NAME=value"])
      } else if let value = environment[text] {
        arguments[text] = value
      }
    }
    return arguments
  }

  private static func pairs(_ texts: [String], flag: String) throws -> [String: String] {
    var pairs: [String: String] = [:]
    for text in texts {
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        throw SlipwayError("invalid-pair", "\(flag) \(text) is not NAME=value", help: ["write \(flag) NAME=value"])
      }
      pairs[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return pairs
  }

  private static func isolation(_ text: String) throws -> Isolation {
    if let isolation = Isolation(rawValue: text) { return isolation }
    throw SlipwayError(
      "invalid-isolation", "there is no isolation \"\(text)\"",
      help: ["write \(Isolation.allCases.map(\.rawValue).joined(separator: ", "))"])
  }

  private static func runTimeout(_ text: String) throws -> Duration {
    if let duration = Duration(goDuration: text), duration >= .milliseconds(1) { return duration }
    throw SlipwayError(
      "invalid-duration", "--run-timeout \(text) is not a time", help: ["write 30s, 10m or 1h30m, or the like"])
  }

  private static func opensShell(_ text: String) throws -> Bool {
    guard ["fail", "shell"].contains(text) else {
      throw SlipwayError(
        "invalid-on-error", "--on-error is \"\(text)\"", help: ["write --on-error shell or --on-error fail"])
    }
    return text == "shell"
  }

  private static func network(_ text: String) throws -> ExecOperation.Network {
    switch text {
    case "default", "host": return .host
    case "none": return .none
    default:
      throw SlipwayError("invalid-network", "there is no network \"\(text)\"", help: ["write default, host or none"])
    }
  }
}
