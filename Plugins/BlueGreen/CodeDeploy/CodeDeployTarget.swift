import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// The application and deployment group of CodeDeploy that belong to a service.
struct CodeDeployTarget: Sendable {
  let application: String
  let group: String
  /// As `GetDeploymentGroup` answers.
  let json: JSONValue

  /// Those that the configuration names, else those that the console and others make; never searched for, since accounts
  /// with many applications are throttled then.
  /// - Throws: `PluginFailure` of the category `config`, `AWSError`, `CancellationError`.
  static func find(_ scene: BlueGreenScene) async throws -> CodeDeployTarget {
    let config = scene.settings.config
    let place = "\(scene.settings.address.clusterName)-\(scene.service.name)"
    let application = try config.string("application") ?? "AppECS-\(place)"
    let group = try config.string("deployment-group") ?? "DgpECS-\(place)"
    let target: CodeDeployTarget
    do {
      let answer = try await scene.client.call(
        .codeDeploy, "GetDeploymentGroup",
        ["applicationName": .string(application), "deploymentGroupName": .string(group)])
      target = CodeDeployTarget(application: application, group: group, json: answer["deploymentGroupInfo"] ?? [:])
    } catch let error as AWSError
      where ["ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"].contains(error.serviceCode)
    {
      let isApplication = error.serviceCode == "ApplicationDoesNotExistException"
      let key = isApplication ? "application" : "deployment-group"
      throw PluginFailure(
        code: "\(key)-not-found",
        message: isApplication
          ? "CodeDeploy has no application \(application)"
          : "CodeDeploy's application \(application) has no deployment group \(group)",
        hint: "name the \(isApplication ? "application" : "group") of \(scene.service.name) with \(key)",
        path: "/\(key)", category: .config)
    }
    try target.check(scene)
    return target
  }

  /// The group has to be that of the service.
  private func check(_ scene: BlueGreenScene) throws(PluginFailure) {
    guard let services = json["ecsServices"]?.array, !services.isEmpty else { return }
    let isOurs = services.contains {
      $0["serviceName"]?.string == scene.service.name
        && $0["clusterName"]?.string?.split(separator: "/").last.map(String.init) == scene.settings.address.clusterName
    }
    guard !isOurs else { return }
    let others = services.map { "\($0["clusterName"]?.string ?? "")/\($0["serviceName"]?.string ?? "")" }
    throw scene.settings.config.failure(
      "deployment-group", "the deployment group \(group) is for \(others.joined(separator: ", "))",
      hint: "name the group of \(scene.settings.address.clusterName)/\(scene.service.name)")
  }

  private var blueGreen: JSONValue? { json["blueGreenDeploymentConfiguration"] }
  /// How long the old tasks stay after all traffic has gone over.
  var terminationMinutes: Int {
    blueGreen?["terminateBlueInstancesOnDeploymentSuccess"]?["terminationWaitTimeInMinutes"]?.int ?? 0
  }
  /// How long CodeDeploy waits for the word to shift traffic.
  var readyMinutes: Int { blueGreen?["deploymentReadyOption"]?["waitTimeInMinutes"]?.int ?? 0 }
  var waitsForSignal: Bool {
    blueGreen?["deploymentReadyOption"]?["actionOnTimeout"]?.string == "STOP_DEPLOYMENT" && readyMinutes > 0
  }
  var configName: String { json["deploymentConfigName"]?.string ?? "CodeDeployDefault.ECSAllAtOnce" }
  var names: JSONValue { ["applicationName": .string(application), "deploymentGroupName": .string(group)] }
  /// Both target groups, by their names, and the listeners.
  var pair: JSONValue? { json["loadBalancerInfo"]?["targetGroupPairInfoList"]?[0] }
}
