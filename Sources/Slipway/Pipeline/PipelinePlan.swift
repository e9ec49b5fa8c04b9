import Buildspec
import Diagnostics

/// What `--dry-run` tells: what a run would do.
public struct PipelinePlan: Sendable, Codable {
  public struct Phase: Sendable, Codable {
    public var name: String
    public var commands: [String]
    public var finally: [String]
    public var onFailure: String?
    public var runAs: String?
  }

  public struct Image: Sendable, Codable {
    public var name: String
    public var context: String
    public var dockerfile: String?
    public var tags: [String]
    public var platforms: [String]
    public var push: Bool
  }

  public struct Deployment: Sendable, Codable {
    public var plugin: String
    public var available: Bool
  }

  public struct Task: Sendable, Codable {
    public var identifier: String
    public var buildspec: String?
    public var dependsOn: [String]
    public var ignoreFailure: Bool
  }

  public var file: String
  public var version: String
  public var source: String
  public var shell: String
  public var variables: [String]
  public var phases: [Phase]
  public var images: [Image]
  public var artifacts: [String]
  public var reports: [String]
  public var cachePaths: [String]
  public var deployments: [Deployment]
  public var tasks: [Task]

  /// - Parameter isAvailable: whether there is a plugin for a deployment.
  init(
    _ spec: Buildspec, source: String, shell: String, isAvailable: (SlipwaySection.Deployment) -> Bool
  ) {
    file = spec.file.name
    version = spec.version.rawValue
    self.source = source
    self.shell = shell
    let environment = spec.environment
    variables = (environment.variables + environment.parameters + environment.secrets).map(\.name.value)
    phases = spec.phases.map { phase in
      Phase(
        name: phase.name.rawValue, commands: phase.commands.map(\.value), finally: phase.finally.map(\.value),
        onFailure: phase.onFailure.map { spec.file.text(in: $0.range) }, runAs: phase.runAs?.value)
    }
    images = spec.section.images.map { image in
      Image(
        name: image.name.value, context: image.context?.value ?? ".", dockerfile: image.dockerfile?.value,
        tags: image.tags.map(\.value), platforms: image.platforms.map(\.value), push: image.isPushed)
    }
    artifacts = ([spec.artifacts].compactMap { $0 } + spec.secondaryArtifacts).flatMap { $0.files.map(\.value) }
    reports = spec.reports.map(\.name.value)
    cachePaths = spec.cache?.paths.map(\.value) ?? []
    deployments = spec.section.deployments.map {
      Deployment(plugin: $0.plugin.value, available: isAvailable($0))
    }
    tasks = (spec.batch?.tasks ?? []).map { task in
      Task(
        identifier: task.identifier.value, buildspec: task.buildspec?.value, dependsOn: task.dependencies.map(\.value),
        ignoreFailure: task.ignoresFailure)
    }
  }

  /// For people.
  public var text: String {
    var lines = ["buildspec \(file), version \(version)", "source    \(source)", "shell     \(shell)"]
    if !variables.isEmpty { lines.append("variables \(variables.joined(separator: ", "))") }
    for task in tasks {
      let waits = task.dependsOn.isEmpty ? "" : " after \(task.dependsOn.joined(separator: ", "))"
      lines.append("task \(task.identifier)\(waits): \(task.buildspec ?? file)")
    }
    for phase in phases where phase.name != "post_build" { lines += Self.lines(phase) }
    for image in images {
      let tags = image.tags.isEmpty ? "" : " as \(image.tags.joined(separator: ", "))"
      lines.append("image \(image.name): \(image.context)\(tags)\(image.push ? ", pushed" : "")")
    }
    for phase in phases where phase.name == "post_build" { lines += Self.lines(phase) }
    if !reports.isEmpty { lines.append("reports   \(reports.joined(separator: ", "))") }
    if !artifacts.isEmpty { lines.append("artifacts \(artifacts.joined(separator: ", "))") }
    if !cachePaths.isEmpty { lines.append("cache     \(cachePaths.joined(separator: ", "))") }
    for deployment in deployments {
      lines.append("deploy    \(deployment.plugin)\(deployment.available ? "" : " (not available)")")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines(_ phase: Phase) -> [String] {
    func command(_ text: String) -> String {
      "  " + (text.hasSuffix("\n") ? String(text.dropLast()) : text).replacing("\n", with: "\n  ")
    }
    let head = "phase \(phase.name):" + (phase.onFailure.map { " on failure \($0)" } ?? "")
    return [head] + phase.commands.map(command) + (phase.finally.isEmpty ? [] : ["  finally:"])
      + phase.finally.map(command)
  }
}
