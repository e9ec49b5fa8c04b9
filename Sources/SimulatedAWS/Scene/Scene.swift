public import JSON

/// What there is at the beginning, and what happens then.
public struct Scene: Sendable {
  /// How time passes.
  public enum Pace: Sendable, Hashable {
    /// By so many ticks with every call that looks at something; nothing else moves.
    case ticksPerLook(Int)
    /// By real time.
    case ticksPerSecond(Double)
  }

  public var account = "123456789012"
  public var region = "eu-central-1"
  public var pace = Pace.ticksPerLook(1)
  /// Simulated seconds.
  public var tickLength = 5.0

  // MARK: What there is: parameters of the calls that make it

  /// Of CreateCluster.
  public var clusters: [JSONValue] = []
  /// Of RegisterTaskDefinition, in this order.
  public var taskDefinitions: [JSONValue] = []
  /// Of CreateService. They are in a steady state at the beginning.
  public var services: [JSONValue] = []
  /// Log groups; without one, tasks write no logs.
  public var logGroups: [String] = []
  /// As ELBv2 describes them.
  public var loadBalancing = LoadBalancing()
  /// Names of alarms with their states: OK, ALARM, INSUFFICIENT_DATA.
  public var alarms: [(name: String, state: String)] = []
  public var repositories: [Repository] = []
  /// Other calls, such as PutRule, RegisterScalableTarget or CreateSchedule, in this order.
  public var calls: [(service: String, operation: String, parameters: JSONValue)] = []

  // MARK: What happens

  /// Of the deployments of services by name, one after the other; those after them are healthy.
  public var deployments: [String: [Fate]] = [:]
  /// Of the deployments of CodeDeploy, one after the other, those that roll back included; those after them succeed.
  public var codeDeploy: [CodeDeployCourse] = []
  /// Of deployments that roll back.
  public var rollback = Fate.healthy
  /// What functions of lifecycle hooks answer by their ARNs, one after the other: SUCCEEDED, FAILED, IN_PROGRESS; those
  /// after them succeed.
  public var hookAnswers: [String: [String]] = [:]
  /// Of tasks that are run once, one after the other; those after them end with 0.
  public var tasks: [Fate] = []
  public var faults: [Fault] = []
  public var moments: [Moment] = []
  /// How many descriptions of something new say that it is missing.
  public var unseenFor = 0
  /// The most that a page has; nil is what the service gives.
  public var pageSize: Int?
  /// Ticks that a deployment with alarms stays under watch after its tasks have changed.
  public var bakeTicks = 3
  /// Whether members that botocore's models do not know yet are kept, as services do that are newer than the model.
  public var keepsUnknownMembers = false

  public init() {}
}

/// What ELBv2 describes; members as its model names them.
public struct LoadBalancing: Sendable, Hashable {
  public var loadBalancers: [JSONValue] = []
  public var targetGroups: [JSONValue] = []
  public var listeners: [JSONValue] = []
  public var rules: [JSONValue] = []

  public init() {}
}

/// A repository of ECR with images.
public struct Repository: Sendable {
  public struct Image: Sendable {
    public var tags: [String]
    /// Bytes as they are.
    public var manifest: String
    public var mediaType: String
    /// Blobs that can be had, by digest.
    public var blobs: [String: String]

    public init(tags: [String], manifest: String, mediaType: String, blobs: [String: String] = [:]) {
      self.tags = tags
      self.manifest = manifest
      self.mediaType = mediaType
      self.blobs = blobs
    }
  }

  public var name: String
  public var images: [Image]

  public init(name: String, images: [Image] = []) {
    self.name = name
    self.images = images
  }
}
