import Buildspec
import DeployPlugins
import Diagnostics
import HostOS
import JSON
import SourceYAML
import SystemPackage

/// A deployment as somebody wrote it, before its plugin was asked.
struct DeployTarget: Sendable {
  /// What people call it: the name in the buildspec, else the plugin's.
  var name: String
  var plugin: String
  var pin: String?
  /// Where the plugin is named.
  var place: SourceAnnotation?
  var configuration: PluginConfiguration
  /// `NAME=REFERENCE`, which the deployment itself names.
  var images: [(name: String, reference: WrittenText)] = []

  init(plugin: String, pin: String?, configuration: PluginConfiguration) {
    name = plugin
    self.plugin = plugin
    self.pin = pin
    self.configuration = configuration
  }

  init(_ deployment: SlipwaySection.Deployment, in spec: Buildspec) {
    name = deployment.name?.value ?? deployment.plugin.value
    plugin = deployment.plugin.value
    pin = deployment.pin?.value
    place = spec.annotation(deployment.plugin.range)
    if let node = deployment.configuration, !node.isNull {
      configuration = PluginConfiguration(node, in: spec.file)
    } else {
      configuration = PluginConfiguration(at: place)
    }
    images = deployment.images.map { ($0.name.value, $0.value) }
  }
}

extension DeployTarget {
  /// The deployments of a buildspec that a request means.
  /// - Throws: `SlipwayError`.
  static func all(in spec: Buildspec, named name: String?) throws -> [DeployTarget] {
    let targets = spec.section.deployments.map { DeployTarget($0, in: spec) }
    guard !targets.isEmpty else {
      throw SlipwayError(
        "no-deployments", "\(spec.file.name) has no deployments",
        help: ["add them: slipway: {deploy: [{plugin: rolling, with: {…}}]}"])
    }
    guard let name else { return targets }
    let found = targets.filter { $0.name == name }
    guard found.count == 1 else {
      let names = targets.map(\.name)
      throw SlipwayError(
        "no-deployments",
        found.isEmpty
          ? "\(spec.file.name) has no deployment \"\(name)\""
          : "\(spec.file.name) has \(found.count) deployments \"\(name)\"",
        help: [
          found.isEmpty
            ? Suggestion.nearest(to: name, in: names).map { "did you mean --name \($0)?" }
              ?? "the deployments are \(names.joined(separator: ", "))" : "give each a name: of its own"
        ])
    }
    return found
  }
}
