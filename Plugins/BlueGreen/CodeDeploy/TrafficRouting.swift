import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// How traffic goes over: a deployment configuration of CodeDeploy.
struct TrafficRouting: Sendable {
  let name: String
  /// Parameters of CreateDeploymentConfig for one that CodeDeploy does not bring along.
  let creation: JSONValue?

  /// Nil leaves it to the deployment group.
  /// - Throws: `PluginFailure` of the category `config`.
  init?(_ config: DeployConfig) throws(PluginFailure) {
    let strategy = try config.string("strategy")
    if let name = try config.string("deployment-config") {
      if let key = ["strategy", "canary", "linear"].first(where: { config[$0] != nil }) {
        throw config.failure(key, "both deployment-config and \(key) say how traffic goes over", hint: "leave one out")
      }
      self.init(name: name.hasPrefix("ECS") ? "CodeDeployDefault.\(name)" : name, creation: nil)
      return
    }
    let kinds = ["canary", "linear"].filter { config[$0] != nil || strategy == $0 }
    guard kinds.count < 2 else { throw config.failure("linear", "only one of canary and linear can be") }
    if let kind = kinds.first {
      if let strategy, strategy != kind {
        throw config.failure(kind, "\(kind) is for the strategy \(kind)", hint: "set strategy: \(kind)")
      }
      try self.init(kind, config.child(kind) ?? DeployConfig([:], at: config.pointer.appending(kind)))
    } else if strategy == "blue-green" {
      self.init(name: "CodeDeployDefault.ECSAllAtOnce", creation: nil)
    } else {
      return nil
    }
  }

  init(name: String, creation: JSONValue?) {
    self.name = name
    self.creation = creation
  }

  private init(_ kind: String, _ child: DeployConfig) throws(PluginFailure) {
    let isCanary = kind == "canary"
    let percent = try child.int("percent") ?? 10
    guard (1...99).contains(percent) else {
      throw child.failure("percent", "percent is \(percent)", hint: "with CodeDeploy it is a whole number from 1 to 99")
    }
    let interval = try child.duration("bake-time") ?? .seconds(isCanary ? 300 : 60)
    let minutes = Int(interval.components.seconds / 60)
    guard minutes >= 1, interval == .seconds(minutes * 60), minutes <= 2880 else {
      throw child.failure("bake-time", "bake-time has to be whole minutes, at least one, with CodeDeploy")
    }
    if percent == 10, isCanary ? [5, 15].contains(minutes) : [1, 3].contains(minutes) {
      let name = isCanary ? "ECSCanary10Percent\(minutes)Minutes" : "ECSLinear10PercentEvery\(minutes)Minutes"
      self.init(name: "CodeDeployDefault.\(name)", creation: nil)
      return
    }
    let name = "slipway-ecs-\(kind)-\(percent)-percent-\(minutes)-minutes"
    let type = isCanary ? "Canary" : "Linear"
    let routing: JSONValue = .members([
      ("type", .string("TimeBased\(type)")),
      ("timeBased\(type)", .members([("\(kind)Percentage", .int(percent)), ("\(kind)Interval", .int(minutes))])),
    ])
    self.init(
      name: name,
      creation: ["deploymentConfigName": .string(name), "computePlatform": "ECS", "trafficRoutingConfig": routing])
  }

  /// As CodeDeploy has it; nil when it has it not.
  /// - Throws: `AWSError`, `CancellationError`.
  static func describe(_ client: ECSClient, _ name: String) async throws -> JSONValue? {
    do {
      let answer = try await client.call(.codeDeploy, "GetDeploymentConfig", ["deploymentConfigName": .string(name)])
      return answer["deploymentConfigInfo"]
    } catch let error as AWSError where error.serviceCode == "DeploymentConfigDoesNotExistException" {
      return nil
    } catch let error as AWSError where error.isUnsupported {
      return [:]
    }
  }

  /// How many minutes it takes until all traffic has gone over.
  static func minutes(_ info: JSONValue?) -> Int {
    let routing = info?["trafficRoutingConfig"]
    if let canary = routing?["timeBasedCanary"] { return canary["canaryInterval"]?.int ?? 0 }
    guard let linear = routing?["timeBasedLinear"] else { return 0 }
    let percent = max(1, linear["linearPercentage"]?.int ?? 10)
    return (99 / percent) * (linear["linearInterval"]?.int ?? 0)
  }

  /// Makes it where it is not there.
  /// - Throws: `AWSError`, `CancellationError`.
  func create(_ client: ECSClient) async throws {
    guard let creation else { return }
    do { _ = try await client.change(.codeDeploy, "CreateDeploymentConfig", creation) } catch let error as AWSError
      where error.serviceCode == "DeploymentConfigAlreadyExistsException"
    {}
  }
}
