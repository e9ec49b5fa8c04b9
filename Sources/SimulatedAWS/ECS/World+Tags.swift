import JSON

/// Tags of anything that has an ARN.
extension World {
  static let tagOperations: [Operation] = [
    Operation("ecs", "TagResource") { world, call in
      let arn = try call.required("resourceArn")
      let names = call.array("tags").compactMap { $0["key"]?.string }
      let kept = (world.ecs.tags[arn]?.array ?? []).filter { !names.contains($0["key"]?.string ?? "") }
      world.ecs.tags[arn] = .array(kept + call.array("tags"))
      return [:]
    },
    Operation("ecs", "UntagResource") { world, call in
      let names = call.strings("tagKeys")
      let arn = try call.required("resourceArn")
      world.ecs.tags[arn] = .array(
        (world.ecs.tags[arn]?.array ?? []).filter { !names.contains($0["key"]?.string ?? "") })
      return [:]
    },
    Operation("ecs", "ListTagsForResource") { world, call in
      ["tags": world.ecs.tags[try call.required("resourceArn")] ?? []]
    },
  ]
}
