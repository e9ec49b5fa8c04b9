import DeployPlugins
import Diagnostics
import HostOS
public import JSON

/// What became of a deployment: who deployed which images by which plan, and how it ended. Nothing secret is in it: no
/// configuration, no environment, no output.
public struct DeploymentRecord: Sendable {
  public let json: JSONValue

  init(json: JSONValue) { self.json = json }

  public var at: String { json["at"]?.string ?? "" }
  public var operation: String { json["operation"]?.string ?? "" }
  public var name: String { json["name"]?.string ?? "" }
  public var plugin: String { json["plugin"]?.string ?? "" }
  public var state: String { json["state"]?.string ?? "" }
  public var succeeded: Bool {
    state == DeploymentState.succeeded.rawValue || state == DeploymentState.unchanged.rawValue
  }
  /// The images by their names.
  public var images: JSONValue { json["images"] ?? [:] }

  /// One that ended with a report.
  init(_ subject: DeploymentSubject, _ operation: PluginOperation, _ plan: DeploymentPlan?, _ report: DeploymentReport)
  {
    var json = subject.json(operation, plan)
    json["state"] = .string(report.state.rawValue)
    json["summary"] = .string(report.summary)
    json["outputs"] = report.outputs
    self.init(json: json)
  }

  /// One that ended with an error.
  init(_ subject: DeploymentSubject, _ operation: PluginOperation, _ plan: DeploymentPlan?, error: any Error) {
    var json = subject.json(operation, plan)
    let failure = (error as? PluginError)?.failure
    let diagnostic = (error as? any DiagnosticError)?.diagnostics.first
    let isCancelled = error is CancellationError || failure?.category == .cancelled
    json["state"] = .string(
      failure?.state?.rawValue ?? (isCancelled ? DeploymentState.stopped : DeploymentState.failed).rawValue)
    json["error"] = .members([
      ("code", .string(failure?.code ?? diagnostic?.code.rawValue ?? "cancelled")),
      ("message", .string(failure?.message ?? diagnostic?.message ?? "it was told to stop")),
    ])
    json["outputs"] = failure?.outputs
    self.init(json: json)
  }

  /// For people, on one line.
  public var line: String {
    let images = self.images.object?.members.map { "\($0.name)=\($0.value.string ?? "")" }.joined(separator: " ") ?? ""
    let who = json["by"]?["user"]?.string ?? "?"
    return "\(at)  \(operation)  \(name)  \(state)  \(who)  \(images)"
  }
}

/// What a record is about, as it is known before the deployment ends.
struct DeploymentSubject: Sendable {
  let deployment: PreparedDeployment
  let environment: Environment
  let beganAt = Timestamp.now

  /// Deployments with the same key follow each other: same plugin, name, project, region, and the cluster and service
  /// that the configuration names.
  var key: String {
    let request = deployment.request
    let parts = [
      deployment.description.name, deployment.name, request.project ?? "", request.region ?? "",
      request.config["cluster"]?.text ?? "", request.config["service"]?.text ?? "",
    ]
    return String(SHA256Hasher.hex(of: parts.joined(separator: "\n").utf8).prefix(24))
  }

  func json(_ operation: PluginOperation, _ plan: DeploymentPlan?) -> JSONValue {
    let request = deployment.request
    var json: JSONValue = [
      "version": 1, "id": .string(request.id), "at": .string(Timestamp(seconds: beganAt.seconds).rfc3339),
      "endedAt": .string(Timestamp(seconds: Timestamp.now.seconds).rfc3339), "operation": .string(operation.rawValue),
      "name": .string(deployment.name), "plugin": .string(deployment.description.name),
      "pluginVersion": .string(deployment.description.version), "by": who,
    ]
    json["project"] = request.project.map { .string($0) }
    json["region"] = request.region.map { .string($0) }
    for name in ["cluster", "service"] { json[name] = request.config[name] }
    json["images"] = .members(request.images.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.reference)) })
    if let plan {
      json["plan"] = .members([("summary", .string(plan.summary)), ("changes", plan.json["changes"] ?? [])])
    }
    return json
  }

  private static let builds = [
    "CODEBUILD_BUILD_ID", "GITHUB_RUN_ID", "CI_JOB_ID", "BUILD_TAG", "BITBUCKET_BUILD_NUMBER", "BUILDKITE_BUILD_ID",
  ]
  private static let commits = [
    "CODEBUILD_RESOLVED_SOURCE_VERSION", "GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BITBUCKET_COMMIT",
    "BUILDKITE_COMMIT",
  ]

  /// The user of this machine, and the build that runs on it.
  private var who: JSONValue {
    let name = UserIdentity(named: String(UserIdentity.currentID))?.name ?? String(UserIdentity.currentID)
    var who: JSONValue = ["user": .string(name)]
    who["host"] = environment.nonEmpty("HOSTNAME").map { .string($0) }
    who["build"] = Self.builds.lazy.compactMap(environment.nonEmpty).first.map { .string($0) }
    who["commit"] = Self.commits.lazy.compactMap(environment.nonEmpty).first.map { .string($0) }
    return who
  }
}
