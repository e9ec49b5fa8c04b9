import JSON

/// Lifecycle hooks of service deployments: functions, and pauses that wait for a decision.
extension World {
  /// Whether all hooks of a stage are passed; those that are not are begun or asked again.
  func passesHooks(_ service: inout Service, _ open: Int, _ stage: String, step: Int = 0) -> Bool {
    let hooks = service.history[open].configuration["lifecycleHooks"]?.array ?? []
    for (number, hook) in hooks.enumerated() {
      guard hook["lifecycleStages"]?.array?.contains(.string(stage)) == true else { continue }
      let key = "\(stage) \(number) \(step)"
      if service.shift.passed.contains(key) { continue }
      let isPassed =
        hook["targetType"]?.string == "PAUSE"
        ? passesPause(&service, open, hook, key) : passesFunction(&service, open, hook, key)
      guard isPassed else { return false }
      service.shift.passed.insert(key)
    }
    return true
  }

  private func place(_ service: Service, _ open: Int, _ key: String) -> Int? {
    service.shift.hookIDs[key].flatMap { id in
      service.history[open].hooks.firstIndex { $0["hookId"]?.string == id }
    }
  }

  private func add(_ service: inout Service, _ open: Int, _ hook: JSONValue, _ key: String, _ status: String) -> Int {
    let id = numbers.uuid()
    service.shift.hookIDs[key] = id
    var detail: JSONValue = [
      "hookId": .string(id), "targetType": hook["targetType"] ?? "AWS_LAMBDA", "status": .string(status),
    ]
    detail["targetArn"] = hook["hookTargetArn"]
    let timeout = hook["timeoutConfiguration"]
    detail["expiresAt"] = Self.time(now + Double(timeout?["timeoutInMinutes"]?.int ?? 1440) * 60)
    detail["timeoutAction"] = timeout?["action"] ?? "ROLLBACK"
    service.history[open].hooks.append(detail)
    return service.history[open].hooks.count - 1
  }

  private func passesPause(_ service: inout Service, _ open: Int, _ hook: JSONValue, _ key: String) -> Bool {
    guard let place = place(service, open, key) else {
      _ = add(&service, open, hook, key, "AWAITING_ACTION")
      return false
    }
    let detail = service.history[open].hooks[place]
    switch detail["status"]?.string {
    case "SUCCEEDED": return true
    case "AWAITING_ACTION":
      guard let expiry = detail["expiresAt"]?.double, now >= expiry else { return false }
      service.history[open].hooks[place]["status"] = "TIMED_OUT"
      if detail["timeoutAction"]?.string == "CONTINUE" { return true }
      breakOff(&service, reason: "lifecycle hook timed out", "The lifecycle hook timed out.", true)
      return false
    default: return false
    }
  }

  private func passesFunction(_ service: inout Service, _ open: Int, _ hook: JSONValue, _ key: String) -> Bool {
    let arn = hook["hookTargetArn"]?.string ?? ""
    let place = place(service, open, key) ?? add(&service, open, hook, key, "IN_PROGRESS")
    let count = hookCalls[arn, default: 0]
    hookCalls[arn] = count + 1
    let answers = scene.hookAnswers[arn] ?? []
    let answer = count < answers.count ? answers[count] : "SUCCEEDED"
    service.history[open].hooks[place]["status"] = .string(answer)
    if answer == "FAILED" {
      breakOff(&service, reason: "lifecycle hook failed", "The lifecycle hook \(arn) answered FAILED.", true)
    }
    return answer == "SUCCEEDED"
  }
}
