/// What may go wrong in a rehearsal.
public enum RehearsalFailure: String, Sendable, CaseIterable {
  case crashLoop = "crash-loop"
  case outOfMemory = "out-of-memory"
  case cannotPull = "cannot-pull"
  case wrongPlatform = "wrong-platform"
  case secret
  case unhealthy
  case unhealthyContainer = "unhealthy-container"
  case alarm
  case noCapacity = "no-capacity"
  case stuck
  case task
  case throttled
  case denied
  case rollback

  /// One sentence for people.
  public var summary: String {
    switch self {
    case .crashLoop: "the program ends with 1 soon after it began; the circuit breaker rolls back"
    case .outOfMemory: "the container is killed for its memory; the circuit breaker rolls back"
    case .cannotPull: "the image is not in the registry; the circuit breaker rolls back"
    case .wrongPlatform: "the image is for another processor; the circuit breaker rolls back"
    case .secret: "the execution role must not read a secret; the circuit breaker rolls back"
    case .unhealthy: "the load balancer gets 502 for an answer; the circuit breaker rolls back"
    case .unhealthyContainer: "the container's health check fails; the circuit breaker rolls back"
    case .alarm: "a CloudWatch alarm goes off while the deployment runs, and rolls it back"
    case .noCapacity: "there is no room for the new tasks; nothing ends it but the timeout"
    case .stuck: "the new tasks stay PENDING; nothing ends it but the timeout"
    case .task: "a task that is run before the deployment ends with 1"
    case .throttled: "AWS refuses every few calls for a while; the deployment succeeds"
    case .denied: "the credentials must not update the service"
    case .rollback: "the program crashes, and so does the old version that the circuit breaker goes back to"
    }
  }

  /// Whether nothing but the timeout ends a deployment that fails so.
  public var needsTimeout: Bool { self == .noCapacity || self == .stuck }

  /// What becomes of the deployment's tasks.
  var fate: Fate {
    switch self {
    case .crashLoop, .rollback: .crashLoop(logs: Self.crashLogs)
    case .outOfMemory: .outOfMemory
    case .cannotPull: .cannotPull
    case .wrongPlatform: .wrongPlatform
    case .secret: .noSecret
    case .unhealthy: .unhealthy
    case .unhealthyContainer: .unhealthyContainer
    case .alarm: .alarm(Self.alarmName)
    case .noCapacity: .noCapacity
    case .stuck: .stuck
    case .task, .throttled, .denied: .healthy
    }
  }

  static let alarmName = "web-5xx"
  private static let crashLogs = [
    "> node server.js", "config: DATABASE_URL is not set, falling back to localhost",
    "Error: connect ECONNREFUSED 127.0.0.1:5432",
    "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1606:16)",
    "npm error code ELIFECYCLE",
  ]
}
