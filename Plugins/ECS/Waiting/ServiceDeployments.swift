import AWS
import JSON

/// Finds our service deployment and asks how it is; where ECS does not permit that or has it not, there is none.
struct ServiceDeployments: Sendable {
  private let address: ServiceAddress
  private let taskDefinition: String
  /// Those that were there before ours.
  private let known: Set<String>
  private(set) var arn: String?
  private var isAvailable = true
  private var misses = 0
  private var searches = 0

  private static let mostMisses = 3
  private static let mostSearches = 20

  init(_ address: ServiceAddress, taskDefinition: String, known: Set<String>) {
    self.address = address
    self.taskDefinition = taskDefinition
    self.known = known
  }

  /// All that there are, newest first; empty where they cannot be asked for.
  static func list(
    _ client: ECSClient, _ address: ServiceAddress, status: [String]? = nil
  ) async throws -> [ServiceDeployment] {
    var parameters: JSONValue = ["cluster": .string(address.cluster), "service": .string(address.service)]
    if let status { parameters["status"] = .array(status.map { .string($0) }) }
    let answer = try await client.quietly(.ecs, "ListServiceDeployments", parameters)
    return (answer?["serviceDeployments"]?.array ?? []).map(ServiceDeployment.init)
  }

  /// The task definition of a service revision; nil where it cannot be asked for.
  static func taskDefinition(_ client: ECSClient, ofRevision arn: String) async throws -> String? {
    let answer = try await client.quietly(.ecs, "DescribeServiceRevisions", ["serviceRevisionArns": [.string(arn)]])
    return answer?["serviceRevisions"]?[0]?["taskDefinition"]?.string
  }

  /// Nil when it is not known.
  mutating func current(_ client: ECSClient, _ service: ECSService) async throws -> ServiceDeployment? {
    guard isAvailable else { return nil }
    if arn == nil { try await search(client, service) }
    guard let arn else { return nil }
    let answer = try await ask(client, "DescribeServiceDeployments", ["serviceDeploymentArns": [.string(arn)]])
    return answer?["serviceDeployments"]?[0].map(ServiceDeployment.init)
  }

  private mutating func search(_ client: ECSClient, _ service: ECSService) async throws {
    searches += 1
    guard searches <= Self.mostSearches else {
      isAvailable = false
      return
    }
    let answer = try await ask(
      client, "ListServiceDeployments", ["cluster": .string(address.cluster), "service": .string(address.service)])
    for candidate in (answer?["serviceDeployments"]?.array ?? []).map(ServiceDeployment.init) {
      guard let arn = candidate.arn, !known.contains(arn) else { continue }
      guard let revision = candidate.targetRevision,
        let definition = try await Self.taskDefinition(client, ofRevision: revision)
      else { continue }
      if TaskDefinitionName.areSame(definition, taskDefinition) {
        self.arn = arn
        return
      }
    }
  }

  /// Nil when there is no answer this time.
  private mutating func ask(_ client: ECSClient, _ operation: String, _ parameters: JSONValue) async throws
    -> JSONValue?
  {
    do {
      let answer = try await client.impatient(.ecs, operation, parameters)
      misses = 0
      return answer
    } catch let error as AWSError {
      misses += 1
      if !error.isPassing || misses >= Self.mostMisses { isAvailable = false }
      return nil
    }
  }
}
