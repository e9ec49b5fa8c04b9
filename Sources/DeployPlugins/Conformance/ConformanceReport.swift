public import JSON

/// What the conformance kit found.
public struct ConformanceReport: Sendable, Hashable {
  /// One thing that a plugin has to do.
  public struct Check: Sendable, Hashable {
    public var name: String
    /// What is wrong; nil when nothing is.
    public var problem: String?
    /// Why it was not tried.
    public var skipped: String?
  }

  public var plugin: String
  public var checks: [Check] = []

  public var succeeded: Bool { checks.allSatisfy { $0.problem == nil } }

  /// For people, without a line feed at its end.
  public var text: String {
    let lines = checks.map { check in
      if let problem = check.problem { return "FAILED   \(check.name)\n         \(problem)" }
      if let reason = check.skipped { return "skipped  \(check.name): \(reason)" }
      return "ok       \(check.name)"
    }
    let failed = checks.count { $0.problem != nil }
    let tried = checks.count { $0.skipped == nil }
    let end =
      failed == 0 ? "\(plugin) keeps to deploy protocol 1 (\(tried) checks)" : "\(failed) of \(tried) checks failed"
    return (lines + [end]).joined(separator: "\n")
  }

  /// For programs.
  public var json: JSONValue {
    let list = checks.map { check in
      var value: JSONValue = [
        "name": .string(check.name),
        "status": check.problem != nil ? "failed" : check.skipped != nil ? "skipped" : "ok",
      ]
      value["problem"] = check.problem.map { .string($0) }
      value["reason"] = check.skipped.map { .string($0) }
      return value
    }
    return ["plugin": .string(plugin), "succeeded": .bool(succeeded), "checks": .array(list)]
  }
}
