import JSON

/// What deployment configurations may say.
extension World {
  /// - Throws: `Refusal` for what does not go together.
  func checkShift(_ settings: JSONValue) throws {
    guard let configuration = settings["deploymentConfiguration"] else { return }
    let strategy = configuration["strategy"]?.string ?? "ROLLING"
    for (name, owner) in [("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")]
    where configuration[name] != nil && strategy != owner {
      throw Refusal.invalid("\(name) is only valid with the \(owner) deployment strategy.")
    }
    let minimum = configuration["minimumHealthyPercent"]?.int ?? 100
    let maximum = configuration["maximumPercent"]?.int ?? 200
    guard (0...100).contains(minimum), (100...200).contains(maximum) || maximum > 0 else {
      throw Refusal.invalid("Both maximumPercent and minimumHealthyPercent must be within their ranges.")
    }
  }
}
