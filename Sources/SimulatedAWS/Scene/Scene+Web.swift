public import JSON

extension Scene {
  /// A cluster `prod` with the service `web` of two tasks on Fargate, whose task definition `web:1` has a container
  /// `web`; logs go to `/ecs/web`.
  /// - Parameters:
  ///   - containers: all are essential.
  ///   - change: of the parameters that made the service.
  public static func web(
    containers: [String] = ["web"], desiredCount: Int = 2, change: (inout JSONValue) -> Void = { _ in }
  ) -> Scene {
    var scene = Scene()
    scene.clusters = [["clusterName": "prod", "capacityProviders": ["FARGATE", "FARGATE_SPOT"]]]
    scene.taskDefinitions = [taskDefinition("web", containers: containers)]
    var service: JSONValue = [
      "cluster": "prod", "serviceName": "web", "taskDefinition": "web:1", "desiredCount": .int(desiredCount),
      "launchType": "FARGATE", "networkConfiguration": network,
    ]
    change(&service)
    scene.services = [service]
    scene.logGroups = ["/ecs/web"]
    return scene
  }

  /// Of tasks on Fargate.
  public static let network: JSONValue = [
    "awsvpcConfiguration": [
      "subnets": ["subnet-0a1b2c3d", "subnet-4e5f6a7b"], "securityGroups": ["sg-0a1b2c3d"],
      "assignPublicIp": "DISABLED",
    ]
  ]

  /// Parameters of RegisterTaskDefinition; logs go to `/ecs/FAMILY`.
  public static func taskDefinition(_ family: String, containers: [String], tag: String = "1") -> JSONValue {
    let account = "123456789012"
    let region = "eu-central-1"
    let definitions = containers.map { name -> JSONValue in
      [
        "name": .string(name), "image": .string("\(account).dkr.ecr.\(region).amazonaws.com/\(name):\(tag)"),
        "essential": true, "portMappings": [["containerPort": 8080, "protocol": "tcp"]],
        "environment": [["name": "EMPTY", "value": ""], ["name": "MODE", "value": "production"]],
        "logConfiguration": [
          "logDriver": "awslogs",
          "options": [
            "awslogs-group": .string("/ecs/\(family)"), "awslogs-region": .string(region),
            "awslogs-stream-prefix": "ecs",
          ],
        ],
      ]
    }
    return [
      "family": .string(family), "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
      "memory": "512", "executionRoleArn": .string("arn:aws:iam::\(account):role/ecsTaskExecutionRole"),
      "containerDefinitions": .array(definitions), "tags": [["key": "team", "value": "shop"]],
    ]
  }

  /// Puts a service behind a target group of an application load balancer.
  /// - Returns: the ARN of the target group.
  @discardableResult
  public mutating func balance(_ service: String, container: String = "web", port: Int = 8080) -> String {
    let arns = loadBalancing.addGroup(service, account: account, region: region)
    for index in services.indices where services[index]["serviceName"]?.string == service {
      services[index]["loadBalancers"] = [
        ["targetGroupArn": .string(arns), "containerName": .string(container), "containerPort": .int(port)]
      ]
    }
    return arns
  }
}

extension LoadBalancing {
  /// A target group with a load balancer and a listener that forwards to it.
  /// - Returns: the ARN of the target group.
  public mutating func addGroup(_ name: String, account: String, region: String) -> String {
    let prefix = "arn:aws:elasticloadbalancing:\(region):\(account)"
    let balancer = "\(prefix):loadbalancer/app/\(name)/50dc6c495c0c9188"
    let group = "\(prefix):targetgroup/\(name)/73e2d6bc24d8a067"
    let listener = "\(prefix):listener/app/\(name)/50dc6c495c0c9188/f2f7dc8efc522ab2"
    loadBalancers.append([
      "LoadBalancerArn": .string(balancer), "LoadBalancerName": .string(name), "Type": "application",
      "DNSName": .string("\(name)-1234567890.\(region).elb.amazonaws.com"), "State": ["Code": "active"],
    ])
    targetGroups.append([
      "TargetGroupArn": .string(group), "TargetGroupName": .string(name), "Protocol": "HTTP", "Port": 80,
      "TargetType": "ip", "HealthCheckPath": "/", "LoadBalancerArns": [.string(balancer)],
    ])
    listeners.append([
      "ListenerArn": .string(listener), "LoadBalancerArn": .string(balancer), "Port": 80, "Protocol": "HTTP",
      "DefaultActions": [Self.forward([(group, 1)])],
    ])
    rules.append([
      "RuleArn": .string("\(prefix):listener-rule/app/\(name)/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"),
      "Priority": "default", "Conditions": [], "IsDefault": true, "Actions": [Self.forward([(group, 1)])],
    ])
    return group
  }

  /// An action that forwards by weights.
  public static func forward(_ groups: [(arn: String, weight: Int)]) -> JSONValue {
    [
      "Type": "forward",
      "ForwardConfig": [
        "TargetGroups": .array(groups.map { ["TargetGroupArn": .string($0.arn), "Weight": .int($0.weight)] })
      ],
    ]
  }
}
