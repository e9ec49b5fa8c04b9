import JSON

/// What the simulation does when it is called.
struct Operation: Sendable {
  typealias Action = @Sendable (isolated World, Call) throws -> JSONValue

  var service: String
  var name: String
  /// Whether it looks at how things go on: the world moves with it.
  var looks = false
  var action: Action

  init(_ service: String, _ name: String, looks: Bool = false, _ action: @escaping Action) {
    self.service = service
    self.name = name
    self.looks = looks
    self.action = action
  }

  /// By service and name. Every room has a table of its own.
  static let all: [String: Operation] = Dictionary(
    uniqueKeysWithValues: tables.joined().map { ("\($0.service):\($0.name)", $0) })

  private static let tables: [[Operation]] = [
    World.clusterOperations, World.taskDefinitionOperations, World.serviceOperations, World.deploymentOperations,
    World.taskOperations, World.tagOperations, World.logOperations, World.identityOperations, World.registryOperations,
    World.ruleOperations, World.scheduleOperations, World.scalingOperations, World.balancingOperations,
    World.alarmOperations, World.codeDeployOperations, World.scalingTagOperations, World.taskSetOperations,
  ]
}
