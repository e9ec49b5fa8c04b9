public import JSON

extension Scene {
  /// The service `web` of `Scene.web` with the controller CODE_DEPLOY behind the target groups `web` and `web-green`, with
  /// the application `AppECS-prod-web` and its group `DgpECS-prod-web`.
  /// - Parameters:
  ///   - terminationMinutes: for how long the old tasks stay.
  ///   - readyMinutes: how long it waits to be continued; nil does not wait.
  ///   - change: of the parameters of CreateDeploymentGroup.
  public static func codeDeploy(
    containers: [String] = ["web"], desiredCount: Int = 2, terminationMinutes: Int = 1, readyMinutes: Int? = nil,
    change: (inout JSONValue) -> Void = { _ in }
  ) -> Scene {
    var scene = Scene.web(containers: containers, desiredCount: desiredCount) {
      $0["deploymentController"] = ["type": "CODE_DEPLOY"]
    }
    scene.tickLength = 30
    let blue = scene.balance("web")
    scene.loadBalancing.addSecondGroup("web-green", beside: blue, testPort: 8080)
    let listeners = scene.loadBalancing.listeners.compactMap { $0["ListenerArn"] }
    var ready: JSONValue = ["actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0]
    if let readyMinutes { ready = ["actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": .int(readyMinutes)] }
    var group: JSONValue = [
      "applicationName": "AppECS-prod-web", "deploymentGroupName": "DgpECS-prod-web",
      "serviceRoleArn": .string("arn:aws:iam::\(scene.account):role/ecsCodeDeployRole"),
      "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
      "deploymentStyle": ["deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"],
      "blueGreenDeploymentConfiguration": [
        "terminateBlueInstancesOnDeploymentSuccess": [
          "action": "TERMINATE", "terminationWaitTimeInMinutes": .int(terminationMinutes),
        ],
        "deploymentReadyOption": ready,
      ],
      "autoRollbackConfiguration": [
        "enabled": true, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
      ],
      "loadBalancerInfo": [
        "targetGroupPairInfoList": [
          [
            "targetGroups": [["name": "web"], ["name": "web-green"]],
            "prodTrafficRoute": ["listenerArns": [listeners[0]]],
            "testTrafficRoute": ["listenerArns": [listeners[1]]],
          ]
        ]
      ],
      "ecsServices": [["clusterName": "prod", "serviceName": "web"]],
    ]
    change(&group)
    scene.calls = [
      ("codedeploy", "CreateApplication", ["applicationName": "AppECS-prod-web", "computePlatform": "ECS"]),
      ("codedeploy", "CreateDeploymentGroup", group),
    ]
    return scene
  }
}

extension LoadBalancing {
  /// A further target group of a load balancer, which a listener for tests forwards to.
  /// - Returns: the ARN of the target group.
  @discardableResult
  public mutating func addSecondGroup(_ name: String, beside group: String, testPort: Int) -> String {
    guard var other = targetGroups.first(where: { $0["TargetGroupArn"]?.string == group }),
      var listener = listeners.first, var rule = rules.first
    else { return group }
    let oldName = other["TargetGroupName"]?.string ?? ""
    let arn = group.replacing("targetgroup/\(oldName)/73e2", with: "targetgroup/\(name)/84f3")
    other["TargetGroupArn"] = .string(arn)
    other["TargetGroupName"] = .string(name)
    targetGroups.append(other)
    let forward = Self.forward([(arn, 1)])
    let old = listener["ListenerArn"]?.string ?? ""
    let new = old.replacing("f2f7dc8efc522ab2", with: "a3b8ed9f0d633bc3")
    listener["ListenerArn"] = .string(new)
    listener["Port"] = .int(testPort)
    listener["DefaultActions"] = [forward]
    listeners.append(listener)
    rule["RuleArn"] = .string(
      (rule["RuleArn"]?.string ?? "").replacing("f2f7dc8efc522ab2", with: "a3b8ed9f0d633bc3"))
    rule["Actions"] = [forward]
    rules.append(rule)
    return arn
  }
}
