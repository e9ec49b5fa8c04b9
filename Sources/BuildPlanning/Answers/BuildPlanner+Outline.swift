import Diagnostics
import DockerfileSyntax

/// What a build can be given.
extension BuildPlanner {
  /// The arguments, secrets and agents of the target and of the stages that it needs, in the order of the Dockerfile.
  /// Where platforms differ, those of the first platform.
  /// - Throws: what `plan` throws.
  public func outline(_ images: [ImageRequirement: BaseImage]) throws -> Outline {
    guard let resolver = try resolvers.first else { return Outline(sources: []) }
    let resolution = try resolver.resolve(images)
    let session = try session(resolver, images, graph: BuildGraph())
    try session.errors.throwIfAny()
    var collector = OutlineCollector(session, resolution.stages)
    if let target = resolution.stages.last { collector.add(target) }
    return collector.outline(dockerfile, resolution.stages.last)
  }
}

/// Walks from the target to the stages that it needs: what is nearer to the target counts.
private struct OutlineCollector {
  private let session: PlanningSession
  private let stages: [Int: ResolvedStage]
  private var seen: Set<Int> = []
  private var arguments: [String: StageOutline.Argument] = [:]
  private var secrets: [String: StageOutline.Credential] = [:]
  private var agents: [String: StageOutline.Credential] = [:]

  init(_ session: PlanningSession, _ stages: [ResolvedStage]) {
    self.session = session
    self.stages = Dictionary(uniqueKeysWithValues: stages.map { ($0.index, $0) })
  }

  mutating func add(_ stage: ResolvedStage) {
    guard seen.insert(stage.index).inserted else { return }
    if let outline = session.finished[stage.index]?.outline {
      for (name, argument) in outline.arguments where outline.used.contains(name) {
        arguments[name] = arguments[name] ?? argument
      }
      secrets.merge(outline.secrets) { nearer, _ in nearer }
      agents.merge(outline.agents) { nearer, _ in nearer }
    }
    for case .stage(let index) in stage.dependencies {
      if let next = stages[index] { add(next) }
    }
  }

  func outline(_ dockerfile: Dockerfile, _ target: ResolvedStage?) -> Outline {
    let name = target?.from.name?.text.lowercased()
    let arguments = Self.sorted(arguments) { ($0.place.range.lowerBound, $0.offset) }.map { name, argument in
      Outline.Argument(
        name: name, description: argument.description, value: argument.value.flatMap { $0.isEmpty ? nil : $0 },
        location: SourceLines(argument.place))
    }
    let secrets = Self.credentials(secrets)
    let agents = Self.credentials(agents)
    return Outline(
      name: name, summary: name.flatMap { target?.from.comments.description(of: $0) },
      args: arguments.isEmpty ? nil : arguments, secrets: secrets.isEmpty ? nil : secrets,
      ssh: agents.isEmpty ? nil : agents, sources: [Base64.encode(dockerfile.file.bytes)])
  }

  private static func credentials(_ credentials: [String: StageOutline.Credential]) -> [Outline.Credential] {
    sorted(credentials) { ($0.place.range.lowerBound, 0) }.map { name, credential in
      Outline.Credential(
        name: name, required: credential.isRequired ? true : nil, location: SourceLines(credential.place))
    }
  }

  private static func sorted<Value>(
    _ values: [String: Value], _ place: (Value) -> (Int, Int)
  ) -> [(String, Value)] {
    values.map { (name: $0.key, value: $0.value, place: place($0.value)) }.sorted { left, right in
      (left.place.0, left.place.1, left.name) < (right.place.0, right.place.1, right.name)
    }.map { ($0.name, $0.value) }
  }
}
