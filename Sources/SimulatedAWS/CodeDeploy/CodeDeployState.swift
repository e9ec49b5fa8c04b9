import JSON

/// What CodeDeploy knows.
struct CodeDeployState: Sendable {
  var applications: [String] = []
  var groups: [CodeDeployGroup] = []
  /// As GetDeploymentConfig tells them.
  var configs: [JSONValue] = predefined
  /// Oldest first.
  var deployments: [CodeDeployment] = []
  /// Of the tasks of task sets, by the ids of these.
  var fates: [String: Fate] = [:]

  /// Those that every account has for Amazon ECS.
  private static let predefined: [JSONValue] =
    [config("CodeDeployDefault.ECSAllAtOnce", ["type": "AllAtOnce"])]
    + [5, 15].map { minutes in
      config(
        "CodeDeployDefault.ECSCanary10Percent\(minutes)Minutes",
        [
          "type": "TimeBasedCanary",
          "timeBasedCanary": ["canaryPercentage": 10, "canaryInterval": .int(minutes)],
        ])
    }
    + [1, 3].map { minutes in
      config(
        "CodeDeployDefault.ECSLinear10PercentEvery\(minutes)Minutes",
        [
          "type": "TimeBasedLinear",
          "timeBasedLinear": ["linearPercentage": 10, "linearInterval": .int(minutes)],
        ])
    }

  static func config(_ name: String, _ routing: JSONValue) -> JSONValue {
    ["deploymentConfigName": .string(name), "computePlatform": "ECS", "trafficRoutingConfig": routing]
  }
}

/// A deployment group of one service.
struct CodeDeployGroup: Sendable {
  var application: String
  var name: String
  var id: String
  /// As CreateDeploymentGroup was told.
  var members: JSONValue

  var cluster: String { members["ecsServices"]?[0]?["clusterName"]?.string ?? "" }
  var service: String { members["ecsServices"]?[0]?["serviceName"]?.string ?? "" }
  private var pair: JSONValue? { members["loadBalancerInfo"]?["targetGroupPairInfoList"]?[0] }
  var targetGroups: [String] { (pair?["targetGroups"]?.array ?? []).compactMap { $0["name"]?.string } }
  var productionListeners: [String] { listeners("prodTrafficRoute") }
  var testListeners: [String] { listeners("testTrafficRoute") }
  private var blueGreen: JSONValue? { members["blueGreenDeploymentConfiguration"] }
  private var termination: JSONValue? { blueGreen?["terminateBlueInstancesOnDeploymentSuccess"] }
  var keepsOldTasks: Bool { termination?["action"]?.string == "KEEP_ALIVE" }
  var terminationMinutes: Int { termination?["terminationWaitTimeInMinutes"]?.int ?? 0 }
  var waitsForSignal: Bool { blueGreen?["deploymentReadyOption"]?["actionOnTimeout"]?.string == "STOP_DEPLOYMENT" }
  var readyMinutes: Int { blueGreen?["deploymentReadyOption"]?["waitTimeInMinutes"]?.int ?? 0 }
  var rollback: JSONValue? { members["autoRollbackConfiguration"] }
  var alarms: JSONValue? { members["alarmConfiguration"] }

  private func listeners(_ name: String) -> [String] {
    (pair?[name]?["listenerArns"]?.array ?? []).compactMap(\.string)
  }
}

/// A deployment.
struct CodeDeployment: Sendable {
  struct Event: Sendable {
    var name: String
    var status = "Pending"
    var startedAt: Double?
    var endedAt: Double?
    var diagnostics: JSONValue?
  }

  static let eventNames = [
    "BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic", "BeforeAllowTraffic",
    "AllowTraffic", "AfterAllowTraffic",
  ]

  var id: String
  var group: CodeDeployGroup
  var config: String
  /// Parameters of CreateDeployment.
  var parameters: JSONValue
  var creator = "user"
  var content: String
  var previousContent: String?
  var spec: AppSpecification
  var course: CodeDeployCourse
  var status = "Created"
  var createdAt: Double
  var startedAt: Double?
  var completedAt: Double?
  var error: (code: String, message: String)?
  var events = eventNames.map { Event(name: $0) }
  /// The event that goes on, and for how many ticks.
  var position = 0
  var age = 0
  /// Ids of task sets.
  var blue: String?
  var green: String?
  /// Of the traffic, in percent, on the replacement.
  var weight = 0
  var isContinued = false
  /// Whether the old tasks wait for their end.
  var isTerminating = false
  var isStopRequested = false
  /// Whether whoever stopped it wants to go back.
  var returnsOnStop = false
  /// Of a deployment that rolls back: the one that it undoes.
  var undoes: String?
  var rollbackID: String?
  var rollbackMessage: String?

  var isOver: Bool { ["Succeeded", "Failed", "Stopped"].contains(status) }
  /// CreateDeployment counts more than the group.
  var rollback: JSONValue? { parameters["autoRollbackConfiguration"] ?? group.rollback }
  var alarms: JSONValue? { parameters["overrideAlarmConfiguration"] ?? group.alarms }
}
