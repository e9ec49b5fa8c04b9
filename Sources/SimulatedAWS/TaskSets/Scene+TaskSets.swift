import JSON

extension Scene {
  /// A cluster `prod` with the service `web` of two tasks on Fargate, whose deployments are task sets: one of `web:1` is
  /// the primary one, behind the blue target group.
  public static func taskSets(desiredCount: Int = 2, isBalanced: Bool = true) -> (scene: Scene, fronts: Fronts) {
    var scene = Scene.web(desiredCount: desiredCount)
    let fronts = scene.addFronts()
    scene.services = [
      [
        "cluster": "prod", "serviceName": "web", "desiredCount": .int(desiredCount),
        "deploymentController": ["type": "EXTERNAL"],
      ]
    ]
    var set: JSONValue = [
      "cluster": "prod", "service": "web", "taskDefinition": "web:1", "launchType": "FARGATE",
      "networkConfiguration": network, "scale": ["value": 100, "unit": "PERCENT"],
    ]
    if isBalanced {
      set["loadBalancers"] = [
        ["targetGroupArn": .string(fronts.blue), "containerName": "web", "containerPort": 8080]
      ]
    }
    scene.calls.append(("ecs", "CreateTaskSet", set))
    return (scene, fronts)
  }
}
