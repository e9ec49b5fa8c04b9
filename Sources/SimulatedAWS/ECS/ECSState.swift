import JSON

/// What Amazon ECS knows.
struct ECSState: Sendable {
  var clusters: [Cluster] = []
  var taskDefinitions: [TaskDefinition] = []
  var services: [Service] = []
  var tasks: [SimulatedTask] = []
  /// By ARN.
  var tags: [String: JSONValue] = [:]
  /// How many deployments of a service's name began, so far as their fates are concerned.
  var begun: [String: Int] = [:]
  /// How many tasks were run once.
  var ranOnce = 0
  /// ARNs of tasks by the client token that they were run with, and what they were asked for.
  var tokens: [String: (parameters: JSONValue, answer: JSONValue)] = [:]
  /// How often something new is still not seen, by ARN.
  var unseen: [String: Int] = [:]
}

struct Cluster: Sendable {
  var name: String
  var arn: String
  var status = "ACTIVE"
  /// As CreateCluster was told.
  var settings: JSONValue
}

struct TaskDefinition: Sendable {
  var family: String
  var revision: Int
  var arn: String
  /// As RegisterTaskDefinition was told, with what AWS adds to containers.
  var members: JSONValue
  var status = "ACTIVE"
  var registeredAt: Double
  var deregisteredAt: Double?

  var isActive: Bool { status == "ACTIVE" }
  var containers: [JSONValue] { members["containerDefinitions"]?.array ?? [] }
  var networkMode: String { members["networkMode"]?.string ?? "bridge" }
}

/// A service. Its rollouts are in `deployments`; what becomes of each is told in `history`.
struct Service: Sendable {
  var name: String
  var arn: String
  var cluster: String
  var status = "ACTIVE"
  /// Members of CreateService and UpdateService, as they stand now.
  var settings: JSONValue
  var createdAt: Double
  var createdBy: String
  /// Newest first.
  var deployments: [Deployment] = []
  /// Oldest first.
  var history: [ServiceDeployment] = []
  /// As DescribeServiceRevisions tells them.
  var revisions: [JSONValue] = []
  /// Newest first.
  var events: [JSONValue] = []
  /// As DescribeTaskSets tells them.
  var taskSets: [JSONValue] = []
  var isSteady = false
  /// Of rollouts that are blue/green: what they are about.
  var shift = TrafficShift()

  var controller: String { settings["deploymentController"]?["type"]?.string ?? "ECS" }
  var strategy: String { settings["deploymentConfiguration"]?["strategy"]?.string ?? "ROLLING" }
  var desiredCount: Int { settings["desiredCount"]?.int ?? 0 }
  var taskDefinition: String { settings["taskDefinition"]?.string ?? "" }
  var loadBalancers: [JSONValue] { settings["loadBalancers"]?.array ?? [] }
}

/// An entry of a service's `deployments`.
struct Deployment: Sendable {
  /// Such as `ecs-svc/1234567890123456789`.
  var id: String
  /// PRIMARY, or ACTIVE while others replace it.
  var status = "PRIMARY"
  var revision: String
  var createdAt: Double
  var updatedAt: Double
  var rolloutState = "IN_PROGRESS"
  var reason: String
  /// Settings of the service when it began.
  var settings: JSONValue
  var fate: Fate
  var failedTasks = 0
  /// Since the last healthy one.
  var consecutiveFailures = 0
  var startedTasks = 0
  /// Whether it begins no more tasks.
  var isStopped = false
  /// The tick when it began.
  var beganAt: Int
  /// The tick when its tasks had all changed.
  var changedAt: Int?
  /// Alarms that were on when it began: they do not count.
  var ignoredAlarms: Set<String> = []
  var isRollback = false
  /// Of `history`.
  var serviceDeployment: String
  var saysUnplaced = false
  var saysInconsistent = false
  var saysBlocked = false

  var taskDefinition: String { settings["taskDefinition"]?.string ?? "" }
  var isComplete: Bool { rolloutState == "COMPLETED" }
}

/// What DescribeServiceDeployments tells.
struct ServiceDeployment: Sendable {
  var arn: String
  var status = "IN_PROGRESS"
  var reason: String?
  var createdAt: Double
  var startedAt: Double?
  var finishedAt: Double?
  var stoppedAt: Double?
  var updatedAt: Double
  var sources: [String]
  var target: String
  var configuration: JSONValue
  /// Why it goes back, since when, and to which revision.
  var rollback: JSONValue?
  var breakerStatus: String
  var failures = 0
  var threshold: Int
  var alarmStatus: String
  var triggeredAlarms: [String] = []
  var lifecycleStage: String?
  /// As `lifecycleHookDetails`.
  var hooks: [JSONValue] = []

  var isOver: Bool {
    ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"].contains(status)
  }
}
