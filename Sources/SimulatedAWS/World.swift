import Foundation
public import JSON

/// What there is, as it is now. Each service has its own room: its state, and its operations in an extension.
public actor World {
  public nonisolated let scene: Scene
  /// Seconds since 1970, as the simulation counts them.
  public internal(set) var now: Double
  /// How often the world has moved.
  public internal(set) var tick = 0
  var ecs = ECSState()
  var logs = LogsState()
  var identities: Identities
  var registry = RegistryState()
  var rules = RulesState()
  var schedules: [JSONValue] = []
  var scaling = ScalingState()
  var codeDeploy = CodeDeployState()
  public var balancing: LoadBalancing
  /// States of alarms by name.
  public var alarms: [String: String] = [:]
  var numbers = Numbers()
  /// What becomes of the tasks of task sets, and the tokens that they were made with.
  var taskSetFates: [String: Fate] = [:]
  var taskSetTokens: [String: String] = [:]
  /// How often functions of lifecycle hooks were called, by ARN.
  var hookCalls: [String: Int] = [:]
  private var faults: Faults
  private var counts: [String: Int] = [:]
  private var began = ContinuousClock.now
  /// Where the simulation is reached.
  var address = ""
  private var isPrepared = false

  init(_ scene: Scene) {
    self.scene = scene
    now = Date.now.timeIntervalSince1970.rounded(.down)
    identities = Identities(account: scene.account)
    balancing = scene.loadBalancing
    faults = Faults(scene.faults)
  }

  /// Makes what the scene says that there is.
  /// - Throws: `Refusal`.
  func prepare() throws {
    for alarm in scene.alarms { alarms[alarm.name] = alarm.state }
    registry = RegistryState(scene.repositories)
    for group in scene.logGroups { logs.addGroup(group, at: now) }
    for parameters in scene.clusters { try call("ecs", "CreateCluster", parameters) }
    for parameters in scene.taskDefinitions { try call("ecs", "RegisterTaskDefinition", parameters) }
    for parameters in scene.services { try call("ecs", "CreateService", parameters) }
    for extra in scene.calls { try call(extra.service, extra.operation, extra.parameters) }
    settle()
    isPrepared = true
    began = .now
  }

  /// Whether the scene is set: what was made before was there already.
  var hasBegun: Bool { isPrepared }

  /// Calls an operation, as the account's first user; the world does not move by it.
  /// - Throws: `Refusal`.
  @discardableResult
  public func call(_ service: String, _ operation: String, _ parameters: JSONValue) throws -> JSONValue {
    guard let found = Operation.all["\(service):\(operation)"] else { throw Self.unknown(operation) }
    return try found.action(
      self,
      Call(
        service: service, operation: operation, parameters: parameters, caller: Identities.firstUser(scene.account),
        account: scene.account, region: scene.region))
  }

  func answer(_ route: Route, _ caller: Caller) throws -> JSONValue {
    guard let operation = Operation.all["\(route.service.id):\(route.operation)"] else {
      throw Self.unknown(route.operation)
    }
    move(looks: operation.looks)
    return try operation.action(
      self,
      Call(
        service: route.service.id, operation: route.operation, parameters: route.parameters, caller: caller.arn,
        account: caller.account.isEmpty ? scene.account : caller.account, region: scene.region))
  }

  private static func unknown(_ operation: String) -> Refusal {
    Refusal("UnknownOperationException", "The simulation does not know \(operation)")
  }

  // MARK: Time

  private func move(looks: Bool) {
    switch scene.pace {
    case .ticksPerLook(let count): if looks { advance(count) }
    case .ticksPerSecond(let speed):
      let passed = ContinuousClock.now - began
      let seconds = Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
      advance(Int(seconds * speed) - tick)
    }
  }

  /// Moves the world.
  public func advance(_ ticks: Int = 1) {
    for _ in 0..<max(0, ticks) {
      tick += 1
      now += scene.tickLength
      advanceTasks()
      advanceServices()
      advanceCodeDeploy()
    }
  }

  // MARK: Faults and moments

  func setAddress(_ url: String) { address = url }

  func nextFault(_ operation: String) -> Fault.Kind? { faults.next(operation) }

  /// Adds a fault from here on.
  public func add(_ fault: Fault) { faults.add(fault) }

  /// - Returns: what went wrong.
  func meetMoments(_ operation: String) -> [String] {
    counts[operation, default: 0] += 1
    var failures: [String] = []
    for moment in scene.moments where moment.operation == operation && moment.count == counts[operation] {
      do { try moment.action(self) } catch { failures.append("a moment after \(operation): \(error)") }
    }
    return failures
  }

  // MARK: Names

  func arn(_ service: String, _ resource: String) -> String {
    "arn:\(partition):\(service):\(scene.region):\(scene.account):\(resource)"
  }

  var partition: String {
    if scene.region.hasPrefix("cn-") { return "aws-cn" }
    return scene.region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws"
  }

  /// Seconds with milliseconds, as AWS writes times in JSON.
  var timestamp: JSONValue { Self.time(now) }

  static func time(_ seconds: Double) -> JSONValue {
    .number(JSONNumber((seconds * 1000).rounded() / 1000) ?? JSONNumber(0))
  }

  /// Times in XML.
  static func timeText(_ seconds: Double) -> JSONValue {
    .string(Date(timeIntervalSince1970: seconds).formatted(.iso8601))
  }

  // MARK: Pages

  /// A page of a list, with `nextToken` where there is more.
  /// - Throws: `Refusal` for a token that is none of ours.
  func page(
    _ items: [JSONValue], as name: String, _ call: Call, limit: Int, countName: String = "maxResults",
    tokenName: String = "nextToken"
  ) throws -> JSONValue {
    var start = 0
    if let token = call.string(tokenName) {
      guard let place = Numbers.place(of: token, call.operation), place <= items.count else {
        throw Refusal.invalid("Invalid token \(token)")
      }
      start = place
    }
    let size = min(call.int(countName) ?? limit, scene.pageSize ?? limit, limit)
    let end = min(items.count, start + max(1, size))
    var answer: JSONValue = .members([(name, .array(Array(items[start..<end])))])
    if end < items.count { answer[tokenName] = .string(Numbers.token(for: end, call.operation)) }
    return answer
  }
}

/// Who calls.
struct Caller: Sendable {
  var arn: String
  var account: String
  var region: String

  static let nobody = Caller(arn: "", account: "", region: "")
}
