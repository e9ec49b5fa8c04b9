/// What becomes of a task: one of a service's deployment, or one that is run once.
public struct Fate: Sendable, Hashable {
  public enum Course: Sendable, Hashable {
    /// Runs until it is stopped.
    case runs
    /// Its container ends by itself.
    case exits(code: Int, reason: String?)
    /// It never runs.
    case failsToStart(stoppedReason: String, containerReason: String?)
    /// It stays PENDING.
    case staysPending
    /// No task is even begun; services have an event, RunTask a failure.
    case isNotPlaced(event: String, failure: String)
    /// It runs, and its targets never get healthy.
    case failsTargetHealth(reason: String, code: String)
    /// It runs, and the health check of its container fails.
    case failsContainerHealth
  }

  public var course: Course
  /// Ticks from its beginning until it runs, at least 1.
  public var startTicks = 2
  /// Ticks that it runs before it counts as healthy.
  public var healthyTicks = 1
  /// Ticks that it runs before it ends by itself, or is stopped for its health.
  public var lifeTicks = 1
  /// What its container writes when it runs.
  public var logs: [String] = []
  /// The container that this happens to; nil is the first essential one.
  public var container: String?
  /// An alarm that goes off while the deployment runs, so many ticks after it began.
  public var alarm: Alarm?
  /// How many tasks of a deployment meet this fate; those after them run. Nil is all.
  public var count: Int?

  public struct Alarm: Sendable, Hashable {
    public var name: String
    public var afterTicks: Int
  }

  public init(_ course: Course) { self.course = course }

  /// The same with changes.
  public func with(_ change: (inout Fate) -> Void) -> Fate {
    var copy = self
    change(&copy)
    return copy
  }
}

extension Fate {
  public static let healthy = Fate(.runs)

  /// Healthy so many ticks after it began.
  public static func healthy(after ticks: Int) -> Fate {
    Fate(.runs).with {
      $0.startTicks = max(1, ticks - 1)
      $0.healthyTicks = 1
    }
  }

  public static func exits(_ code: Int, after ticks: Int = 1, logs: [String] = [], container: String? = nil) -> Fate {
    Fate(.exits(code: code, reason: nil)).with {
      $0.lifeTicks = ticks
      $0.logs = logs
      $0.container = container
    }
  }

  public static func crashLoop(
    exitCode: Int = 1, logs: [String] = ["starting", "Error: connect ECONNREFUSED 10.0.3.17:5432"]
  ) -> Fate { exits(exitCode, logs: logs) }

  public static let outOfMemory = Fate(
    .exits(code: 137, reason: "OutOfMemoryError: Container killed due to memory usage")
  ).with { $0.logs = ["starting", "loading 2000000 entries into the cache"] }

  public static func failsToStart(_ reason: String) -> Fate {
    Fate(.failsToStart(stoppedReason: reason, containerReason: reason))
  }

  public static let cannotPull = failsToStart(
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: "
      + "not found")

  public static let wrongPlatform = failsToStart(
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain "
      + "descriptor matching platform 'linux/amd64'")

  public static let noSecret = Fate(
    .failsToStart(
      stoppedReason: "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
        + "retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to "
        + "fetch secret {secret} from secrets manager: AccessDeniedException",
      containerReason: nil))

  public static let stuck = Fate(.staysPending)

  public static let noCapacity = Fate(
    .isNotPlaced(
      event: "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a "
        + "different availability zone. For more information, see the Troubleshooting section of the Amazon ECS "
        + "Developer Guide.",
      failure: "Capacity is unavailable at this time. Please try again later or in a different availability zone"))

  public static let noInstance = Fate(
    .isNotPlaced(
      event: "was unable to place a task because no container instance met all of its requirements. The closest "
        + "matching (container-instance 4ffa2a1c1b0a4d52a3a5a7e6c0d9f1b2) has insufficient memory available. For more "
        + "information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
      failure: "RESOURCE:MEMORY"))

  public static let unhealthy = Fate(
    .failsTargetHealth(reason: "Health checks failed with these codes: [502]", code: "Target.ResponseCodeMismatch")
  ).with { $0.lifeTicks = 3 }

  public static let unhealthyContainer = Fate(.failsContainerHealth).with { $0.lifeTicks = 3 }

  /// Its tasks are healthy, and an alarm goes off.
  public static func alarm(_ name: String, afterTicks: Int = 3) -> Fate {
    healthy.with { $0.alarm = Alarm(name: name, afterTicks: afterTicks) }
  }
}
