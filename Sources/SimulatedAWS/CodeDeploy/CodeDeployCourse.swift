/// What becomes of a deployment of CodeDeploy; its replacement tasks have fates of their own, in `Scene.deployments`.
public struct CodeDeployCourse: Sendable, Hashable {
  /// The lifecycle event at which it fails, such as `AfterInstall`; of a deployment that rolls back, any.
  public var failsAt: String?
  public var code = "HOOK_EXECUTION_FAILURE"
  public var message = ""
  /// What the function of a hook wrote last.
  public var logTail: String?
  /// An alarm that goes off at a lifecycle event.
  public var alarm: (name: String, at: String)? {
    get { alarmName.map { ($0, alarmEvent) } }
    set { (alarmName, alarmEvent) = (newValue?.name, newValue?.at ?? "") }
  }
  private var alarmName: String?
  private var alarmEvent = ""

  public static let succeeds = CodeDeployCourse()

  public static func fails(at event: String, code: String, _ message: String) -> CodeDeployCourse {
    var course = CodeDeployCourse()
    (course.failsAt, course.code, course.message) = (event, code, message)
    return course
  }

  /// The function of a hook says that it failed.
  public static func hookFails(at event: String, logTail: String? = nil) -> CodeDeployCourse {
    var course = fails(
      at: event, code: "HOOK_EXECUTION_FAILURE",
      "The deployment failed because one of the lifecycle event hooks failed: \(event).")
    course.logTail = logTail
    return course
  }

  public static func alarm(_ name: String, at event: String) -> CodeDeployCourse {
    var course = CodeDeployCourse()
    course.alarm = (name, event)
    return course
  }
}
