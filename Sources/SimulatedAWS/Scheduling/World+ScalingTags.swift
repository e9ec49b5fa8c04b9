public import JSON

/// Tags of scalable targets.
extension World {
  static let scalingTagOperations: [Operation] = [
    Operation("application-autoscaling", "TagResource") { world, call in
      let arn = try world.scalableTargetARN(call)
      for member in call["Tags"]?.object?.members ?? [] {
        world.scaling.tags[arn, default: [:]][member.name] = member.value
      }
      return [:]
    },
    Operation("application-autoscaling", "UntagResource") { world, call in
      let arn = try world.scalableTargetARN(call)
      for key in call.strings("TagKeys") { world.scaling.tags[arn]?[key] = nil }
      return [:]
    },
    Operation("application-autoscaling", "ListTagsForResource") { world, call in
      ["Tags": world.scaling.tags[try world.scalableTargetARN(call)] ?? [:]]
    },
  ]

  private func scalableTargetARN(_ call: Call) throws -> String {
    let arn = try call.required("ResourceARN")
    guard scaling.targets.contains(where: { $0["ScalableTargetARN"]?.string == arn }) else {
      throw Refusal("ResourceNotFoundException", "there is no scalable target \(arn)")
    }
    return arn
  }

  /// Scalable targets as DescribeScalableTargets tells them, with their tags.
  public func describedScalableTargets() -> [(target: JSONValue, tags: JSONValue)] {
    scaling.targets.map { ($0, scaling.tags[$0["ScalableTargetARN"]?.string ?? ""] ?? [:]) }
  }
}
