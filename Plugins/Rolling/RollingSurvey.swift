import DeployPlugins
import ECSDeployment
import JSON

/// How things are, and what they lack of what is wanted.
struct RollingSurvey: Sendable {
  /// What is to be done to one service.
  struct Update: Sendable {
    let address: ServiceAddress
    /// Nil when it has to be created.
    let live: ECSService?
    /// Members of `UpdateService` but for the task definition.
    let changes: JSONValue
    /// The task definition is another one.
    let changesRevision: Bool
    /// ECS has to be told to deploy though nothing else makes it do so.
    let forces: Bool
    /// The revision is there, and ECS is on the way to it.
    let isOnItsWay: Bool

    var deploys: Bool { live == nil || changesRevision || forces || ServiceSettings.deploys(changes) }
    var isNeeded: Bool { deploys || changes != [:] }
  }

  var hasCluster = true
  var updates: [Update]
  /// What the task definition was made of; nil when it comes from a file.
  let base: TaskDefinitionDraft?
  let draft: TaskDefinitionDraft
  /// A revision that says the same already.
  let reusable: String?
  var missingLogGroups: [String] = []
  /// For services that have to be created.
  let serviceDefinition: JSONValue?

  var liveServices: [ECSService] { updates.compactMap(\.live) }
  var deploys: Bool { updates.contains { $0.deploys || $0.isOnItsWay } }
}
