import JSON

/// Clusters.
extension World {
  static let clusterOperations: [Operation] = [
    Operation("ecs", "CreateCluster") { world, call in world.createCluster(call) },
    Operation("ecs", "DescribeClusters") { world, call in world.describeClusters(call) },
    Operation("ecs", "ListClusters") { world, call in
      try world.page(
        world.ecs.clusters.filter { $0.status == "ACTIVE" }.map { .string($0.arn) }, as: "clusterArns", call,
        limit: 100)
    },
    Operation("ecs", "UpdateCluster") { world, call in try world.updateCluster(call) },
    Operation("ecs", "DeleteCluster") { world, call in try world.deleteCluster(call) },
    Operation("ecs", "PutClusterCapacityProviders") { world, call in try world.putCapacityProviders(call) },
    Operation("ecs", "DescribeCapacityProviders") { world, call in world.describeCapacityProviders(call) },
  ]

  /// - Throws: `Refusal` when there is none.
  func clusterPlace(_ call: Call, _ name: String = "cluster") throws -> Int {
    guard let place = clusterPlace(named: call.string(name)), ecs.clusters[place].status == "ACTIVE" else {
      throw Refusal("ClusterNotFoundException", "Cluster not found.")
    }
    return place
  }

  private func clusterPlace(named name: String?) -> Int? {
    let name = Self.lastPart(name ?? "default")
    return ecs.clusters.firstIndex { $0.name == name }
  }

  /// The name in an ARN, or the name itself.
  static func lastPart(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }

  private func createCluster(_ call: Call) -> JSONValue {
    let name = call.string("clusterName") ?? "default"
    if let place = clusterPlace(named: name) {
      if ecs.clusters[place].status == "ACTIVE" { return ["cluster": describe(ecs.clusters[place])] }
      ecs.clusters.remove(at: place)
    }
    var settings = call.parameters
    settings["clusterName"] = nil
    if let tags = settings["tags"] { ecs.tags[arn("ecs", "cluster/\(name)")] = tags }
    settings["tags"] = nil
    ecs.clusters.append(Cluster(name: name, arn: arn("ecs", "cluster/\(name)"), settings: settings))
    return ["cluster": describe(ecs.clusters[ecs.clusters.endIndex - 1])]
  }

  private func describe(_ cluster: Cluster, includes: [String] = ["SETTINGS", "CONFIGURATIONS"]) -> JSONValue {
    let tasks = ecs.tasks.filter { $0.cluster == cluster.name }
    var answer: JSONValue = [
      "clusterArn": .string(cluster.arn), "clusterName": .string(cluster.name), "status": .string(cluster.status),
      "registeredContainerInstancesCount": 0,
      "runningTasksCount": .int(tasks.count { $0.lastStatus == .running }),
      "pendingTasksCount": .int(tasks.count { $0.lastStatus < .running }),
      "activeServicesCount": .int(ecs.services.count { $0.cluster == cluster.name && $0.status == "ACTIVE" }),
      "statistics": [], "tags": [], "settings": [],
      "capacityProviders": cluster.settings["capacityProviders"] ?? [],
      "defaultCapacityProviderStrategy": cluster.settings["defaultCapacityProviderStrategy"] ?? [],
    ]
    if includes.contains("SETTINGS") {
      answer["settings"] = cluster.settings["settings"] ?? [["name": "containerInsights", "value": "disabled"]]
    }
    if includes.contains("CONFIGURATIONS") { answer["configuration"] = cluster.settings["configuration"] }
    if includes.contains("TAGS") { answer["tags"] = ecs.tags[cluster.arn] ?? [] }
    answer["serviceConnectDefaults"] = cluster.settings["serviceConnectDefaults"]
    return answer
  }

  private func describeClusters(_ call: Call) -> JSONValue {
    let names = call["clusters"] == nil ? ["default"] : call.strings("clusters")
    var found: [JSONValue] = []
    var failures: [JSONValue] = []
    for name in names {
      if let place = clusterPlace(named: name) {
        found.append(describe(ecs.clusters[place], includes: call.strings("include")))
      } else {
        failures.append([
          "arn": .string(arn("ecs", "cluster/\(Self.lastPart(name))")), "reason": "MISSING",
        ])
      }
    }
    return ["clusters": .array(found), "failures": .array(failures)]
  }

  private func updateCluster(_ call: Call) throws -> JSONValue {
    let place = try clusterPlace(call)
    for name in ["settings", "configuration", "serviceConnectDefaults"] {
      if let value = call[name] { ecs.clusters[place].settings[name] = value }
    }
    return ["cluster": describe(ecs.clusters[place])]
  }

  private func deleteCluster(_ call: Call) throws -> JSONValue {
    let place = try clusterPlace(call)
    let name = ecs.clusters[place].name
    if ecs.services.contains(where: { $0.cluster == name && $0.status == "ACTIVE" }) {
      throw Refusal("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    }
    if ecs.tasks.contains(where: { $0.cluster == name && $0.lastStatus != .stopped }) {
      throw Refusal("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    }
    ecs.clusters[place].status = "INACTIVE"
    return ["cluster": describe(ecs.clusters[place])]
  }

  /// Replaces the lists.
  private func putCapacityProviders(_ call: Call) throws -> JSONValue {
    let place = try clusterPlace(call)
    let names = call.strings("capacityProviders")
    for provider in call.array("defaultCapacityProviderStrategy") {
      guard names.contains(provider["capacityProvider"]?.string ?? "") else {
        throw Refusal.invalid(
          "The specified capacity provider strategy cannot contain a capacity provider that is not "
            + "associated with the cluster. Associate the capacity provider with the cluster and try again.")
      }
    }
    ecs.clusters[place].settings["capacityProviders"] = call["capacityProviders"]
    ecs.clusters[place].settings["defaultCapacityProviderStrategy"] = call["defaultCapacityProviderStrategy"]
    return ["cluster": describe(ecs.clusters[place])]
  }

  private func describeCapacityProviders(_ call: Call) -> JSONValue {
    let known = Set(
      ["FARGATE", "FARGATE_SPOT"]
        + ecs.clusters.flatMap { $0.settings["capacityProviders"]?.array ?? [] }.compactMap(\.string))
    let names = call["capacityProviders"] == nil ? known.sorted() : call.strings("capacityProviders").map(Self.lastPart)
    let found = names.filter { known.contains($0) }.map { name -> JSONValue in
      [
        "capacityProviderArn": .string(arn("ecs", "capacity-provider/\(name)")), "name": .string(name),
        "status": "ACTIVE",
      ]
    }
    let missing = names.filter { !known.contains($0) }.map { name -> JSONValue in
      ["arn": .string(arn("ecs", "capacity-provider/\(name)")), "reason": "MISSING"]
    }
    return ["capacityProviders": .array(found), "failures": .array(missing)]
  }
}
