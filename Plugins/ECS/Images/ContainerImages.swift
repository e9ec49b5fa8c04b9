public import DeployPlugins
import JSON

/// Which image each container gets.
public struct ContainerImages: Sendable, Hashable {
  public struct Choice: Sendable, Hashable {
    public let container: String
    /// By digest, where one is known.
    public let reference: String
    /// What is known of the image.
    public let image: PluginImage
  }

  public let choices: [Choice]

  /// - Parameters:
  ///   - config: `containers` maps containers to names of images, or to references; where it is missing, images and
  ///     containers of the same name belong together, as do a single image and a single container.
  ///   - listed: of imagedefinitions.json; `containers` counts more.
  /// - Throws: `PluginFailure` of the category `config`.
  public init(
    _ config: DeployConfig, images: [String: PluginImage], draft: TaskDefinitionDraft,
    listed: [(container: String, reference: String)] = []
  ) throws(PluginFailure) {
    var choices: [Choice] = []
    for entry in listed {
      guard draft.container(entry.container) != nil else {
        throw Self.unknown(entry.container, draft, config, "image-definitions")
      }
      choices.append(
        Choice(container: entry.container, reference: entry.reference, image: PluginImage(reference: entry.reference)))
    }
    if let pairs = try config.map("containers") {
      for (container, name) in pairs {
        guard draft.container(container) != nil else { throw Self.unknown(container, draft, config, "containers") }
        choices.removeAll { $0.container == container }
        choices.append(try Self.choice(container, name, images, config))
      }
    } else if listed.isEmpty {
      choices = try Self.natural(images, draft, config)
    }
    self.choices = choices
  }

  private static func choice(
    _ container: String, _ name: String, _ images: [String: PluginImage], _ config: DeployConfig
  ) throws(PluginFailure) -> Choice {
    if let image = images[name] { return Choice(container: container, reference: reference(image), image: image) }
    guard name.contains("/") || name.contains(":") else {
      let names = images.keys.sorted().joined(separator: ", ")
      throw DeployConfig(config["containers"] ?? [:], at: config.pointer.appending("containers")).failure(
        container, "there is no image \(name) for the container \(container)",
        hint: images.isEmpty ? "give it with --image \(name)=REFERENCE" : "the images are \(names)")
    }
    return Choice(container: container, reference: name, image: PluginImage(reference: name))
  }

  private static func natural(
    _ images: [String: PluginImage], _ draft: TaskDefinitionDraft, _ config: DeployConfig
  ) throws(PluginFailure) -> [Choice] {
    let named = draft.containerNames.compactMap { name in
      images[name].map { Choice(container: name, reference: reference($0), image: $0) }
    }
    if !named.isEmpty || images.isEmpty { return named }
    let containers = draft.containerNames.count == 1 ? draft.containerNames : draft.essentialContainers
    if images.count == 1, containers.count == 1, let image = images.values.first {
      return [Choice(container: containers[0], reference: reference(image), image: image)]
    }
    throw config.failure(
      "containers", "it is not known which container gets which image",
      hint:
        "say it as CONTAINER: IMAGE; the containers are \(draft.containerNames.joined(separator: ", ")), the images "
        + images.keys.sorted().joined(separator: ", "))
  }

  private static func unknown(
    _ container: String, _ draft: TaskDefinitionDraft, _ config: DeployConfig, _ key: String
  ) -> PluginFailure {
    let place = config.pointer.appending(key)
    return PluginFailure(
      code: "container-not-found", message: "the task definition \(draft.family) has no container \(container)",
      hint: "its containers are \(draft.containerNames.joined(separator: ", "))",
      path: (key == "containers" ? place.appending(container) : place).description, category: .config)
  }

  /// By digest, without the tag, which ECS would resolve again.
  static func reference(_ image: PluginImage) -> String {
    let parts = image.reference.split(separator: "@", maxSplits: 1).map(String.init)
    guard let digest = parts.count == 2 ? parts[1] : image.digest else { return image.reference }
    return "\(withoutTag(parts[0]))@\(digest)"
  }

  /// A colon behind the last slash begins a tag, one before it a port.
  static func withoutTag(_ name: String) -> String {
    let start = name.lastIndex(of: "/") ?? name.startIndex
    return name[start...].firstIndex(of: ":").map { String(name[..<$0]) } ?? name
  }
}
