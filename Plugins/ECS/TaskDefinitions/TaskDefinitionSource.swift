public import DeployPlugins
import JSON

/// Where the task definition comes from.
public enum TaskDefinitionSource: Sendable, Hashable {
  /// What the service runs now.
  case service
  /// A family, a revision or an ARN.
  case registered(String)
  /// A file in the form of `RegisterTaskDefinition`, or of what `DescribeTaskDefinition` answers.
  case file(String)

  /// `task-definition`: a file when it has a slash or ends in .json, .yaml or .yml, else a name.
  public init(_ text: String?) {
    guard let text, text != "service" else {
      self = .service
      return
    }
    let isFile = [".json", ".yaml", ".yml"].contains { text.hasSuffix($0) }
    self = isFile || (text.contains("/") && !text.hasPrefix("arn:")) ? .file(text) : .registered(text)
  }
}

extension TaskDefinitionDraft {
  /// Reads a file.
  /// - Throws: `PluginFailure` of the category `config`.
  public init(file path: String, config: DeployConfig) throws(PluginFailure) {
    let json = try DefinitionFile.read(
      path, variables: try config.map("variables"), config: config, key: "task-definition")
    if json["taskDefinition"]?.object != nil { self.init(describing: json) } else { self.init(registering: json) }
    guard !family.isEmpty else {
      throw config.failure("task-definition", "\(path) has no family", hint: "add \"family\": \"NAME\"")
    }
    guard !containers.isEmpty else {
      throw config.failure("task-definition", "\(path) has no containerDefinitions")
    }
  }

  /// The containers whose image is a placeholder such as `<IMAGE1_NAME>`, as CodePipeline's taskdef.json has them.
  public var placeholders: [(container: String, name: String)] {
    containers.compactMap { container in
      guard let name = container["name"]?.string, let image = container["image"]?.string, image.hasPrefix("<"),
        image.hasSuffix(">"), image.count > 2
      else { return nil }
      return (name, String(image.dropFirst().dropLast()))
    }
  }

  /// Puts images in the place of placeholders: one of the placeholder's name, one of the container's, or the only one.
  /// - Throws: `PluginFailure` of the category `config` for a placeholder without an image.
  public mutating func fillPlaceholders(
    _ images: [String: PluginImage], config: DeployConfig
  ) throws(PluginFailure) {
    for (container, name) in placeholders {
      let only = images.count == 1 ? images.values.first : nil
      guard let image = images[name] ?? images[container] ?? only else {
        throw config.failure(
          "task-definition", "there is no image for <\(name)> of the container \(container)",
          hint:
            "the images are \(images.keys.sorted().joined(separator: ", ")); name one of them \(name), or say which "
            + "one the container gets in containers")
      }
      _ = setImage(ContainerImages.reference(image), of: container)
    }
  }
}
