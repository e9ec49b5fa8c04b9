import DeployPlugins
import Diagnostics
import SourceYAML

extension AppSpec {
  /// The exact text that CodeDeploy gets: the placeholder is replaced before the text is read as YAML or JSON, and a
  /// `TaskDefinition` that says something else gets this one. All else stays as it is written.
  /// - Throws: `PluginFailure` of the category `config` for what is no AppSpec for Amazon ECS.
  func content(_ taskDefinition: String) throws(PluginFailure) -> String {
    let text = template.replacing(Self.placeholder, with: taskDefinition)
    let source = SourceFile(name: file ?? "appspec", bytes: Array(text.utf8))
    let root: YAMLNode
    do { root = try YAMLDocument.parse(source).root } catch {
      let said = error.diagnostics.first
      throw failure("is no YAML: \(said?.message ?? "")", help: said?.help.first)
    }
    guard root.member("version")?.text != nil else { throw failure("has no version", help: "add version: 0.0") }
    guard let resources = root.member("resources")?.sequence, !resources.isEmpty else {
      throw failure("has no Resources", help: "docs/codedeploy.md has one that is complete")
    }
    guard resources.count == 1, let resource = resources[0].mapping?.entries.first?.value else {
      throw failure("has \(resources.count) resources", help: "CodeDeploy takes exactly one for Amazon ECS")
    }
    guard resource.member("type")?.text == "AWS::ECS::Service" else {
      throw failure("is not for Amazon ECS", help: "set Type: AWS::ECS::Service")
    }
    guard let properties = resource.member("properties"), properties.mapping != nil else {
      throw failure("has no Properties")
    }
    let balancer = properties.member("loadbalancerinfo")
    guard balancer?.member("containername")?.text != nil, balancer?.member("containerport")?.text != nil else {
      throw failure("has no LoadBalancerInfo with ContainerName and ContainerPort")
    }
    try checkHooks(root)
    guard let node = properties.member("taskdefinition"), node.scalar != nil else {
      throw failure("has no TaskDefinition", help: "write TaskDefinition: \(Self.placeholder)")
    }
    if node.text == taskDefinition { return text }
    var bytes = source.bytes
    bytes.replaceSubrange(node.range.range, with: Array("\"\(taskDefinition)\"".utf8))
    return String(decoding: bytes, as: UTF8.self)
  }

  private func checkHooks(_ root: YAMLNode) throws(PluginFailure) {
    for hook in root.member("hooks")?.sequence ?? [] {
      for entry in hook.mapping?.entries ?? [] {
        guard !Self.hookNames.contains(where: { $0.lowercased() == entry.key.lowercased() }) else { continue }
        throw failure(
          "has a hook at \(entry.key), which has none", help: "hooks are at \(Self.hookNames.joined(separator: ", "))")
      }
    }
  }

  private func failure(_ reason: String, help: String? = nil) -> PluginFailure {
    PluginFailure(
      code: "invalid-appspec", message: "\(file ?? "the AppSpec") \(reason)", hint: help, path: "/appspec",
      category: .config)
  }
}

extension YAMLNode {
  /// A member whose name is this one in lower case: names in such files are written in many ways.
  fileprivate func member(_ name: String) -> YAMLNode? {
    mapping?.entries.first { $0.key.lowercased() == name }?.value
  }
}
