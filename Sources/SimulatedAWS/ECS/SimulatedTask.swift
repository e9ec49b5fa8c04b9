import JSON

/// A task from its beginning to its end.
struct SimulatedTask: Sendable {
  /// In the order in which they follow each other.
  enum Status: Int, Sendable, Comparable {
    case provisioning, pending, activating, running, deactivating, stopping, deprovisioning, stopped

    var text: String { "\(self)".uppercased() }
    static func < (one: Status, other: Status) -> Bool { one.rawValue < other.rawValue }
  }

  struct Container: Sendable {
    var name: String
    var image: String
    var isEssential: Bool
    var exitCode: Int?
    var reason: String?
    var digest: String?
    var hasHealthCheck: Bool
    var runtimeID: String
  }

  var id: String
  var arn: String
  var cluster: String
  var taskDefinition: String
  var group: String
  var startedBy: String?
  /// ARN of its service.
  var service: String?
  /// Id of its deployment or task set.
  var deployment: String?
  /// Members that are told as they are: launchType, platformVersion, overrides, attachments, cpu, memory, tags …
  var members: JSONValue
  var containers: [Container]
  var fate: Fate
  var lastStatus = Status.provisioning
  var desiredStatus = Status.running
  /// Ticks in `lastStatus`.
  var age = 0
  var isHealthy = false
  /// Whether its health check has failed.
  var isUnhealthy = false
  var createdAt: Double
  var startedAt: Double?
  var stoppingAt: Double?
  var stoppedAt: Double?
  var stopCode: String?
  var stoppedReason: String?
  /// Where it is a target: group, address, port.
  var targets: [(group: String, port: Int)] = []
  var address: String
  /// Whether its service has seen how it ended, and that it got healthy.
  var endWasSeen = false
  var healthWasSeen = false

  /// Whether it takes part in what its service wants to have.
  var counts: Bool { desiredStatus == .running && lastStatus < .deactivating }
  var isRunning: Bool { lastStatus == .running && desiredStatus == .running }
  var isPending: Bool { counts && lastStatus < .running }

  /// Asks it to stop.
  mutating func stop(code: String, reason: String, at time: Double) {
    guard desiredStatus != .stopped else { return }
    desiredStatus = .stopped
    stopCode = code
    stoppedReason = reason
    stoppingAt = time
    isHealthy = false
  }
}
