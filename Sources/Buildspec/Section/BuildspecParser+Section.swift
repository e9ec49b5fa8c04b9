import Diagnostics
import SourceYAML

extension BuildspecParser {
  private static let imageKeys = [
    "context", "dockerfile", "file", "target", "tags", "tag", "platforms", "platform", "args", "build-args", "labels",
    "annotations", "secrets", "build-contexts", "cache-from", "cache-to", "network", "ecr-create", "push",
  ]

  /// The section is ours, so a key that means nothing is a mistake.
  mutating func section(_ node: YAMLNode?) {
    guard let mapping = reader.mapping(node, "slipway") else { return }
    reader.requireKeys(["images", "deploy", "outputs"], in: mapping, "slipway")
    if let images = reader.mapping(mapping["images"], "slipway/images") {
      spec.section.images = images.entries.map { image($0) }
    }
    checkVariables()
    deployments(mapping["deploy"])
    outputs(mapping["outputs"])
  }

  private mutating func image(_ entry: YAMLMapping.Entry) -> SlipwaySection.Image {
    let what = "slipway/images/\(entry.key)"
    var image = SlipwaySection.Image(name: WrittenText(entry.key, entry.keyRange))
    guard let mapping = reader.mapping(entry.value, what) else { return image }
    reader.requireKeys(Self.imageKeys, in: mapping, what)
    image.context = reader.text(mapping["context"], "\(what)/context")
    image.dockerfile = reader.text(mapping["dockerfile"] ?? mapping["file"], "\(what)/dockerfile")
    image.target = reader.text(mapping["target"], "\(what)/target")
    image.tags = reader.texts(mapping["tags"], "\(what)/tags") + reader.texts(mapping["tag"], "\(what)/tag")
    image.platforms =
      reader.texts(mapping["platforms"], "\(what)/platforms") + reader.texts(mapping["platform"], "\(what)/platform")
    image.arguments = pairs(mapping["args"] ?? mapping["build-args"], "\(what)/args")
    image.labels = pairs(mapping["labels"], "\(what)/labels")
    image.annotations = pairs(mapping["annotations"], "\(what)/annotations")
    image.buildContexts = pairs(mapping["build-contexts"], "\(what)/build-contexts")
    image.secrets = reader.texts(mapping["secrets"], "\(what)/secrets")
    image.cacheFrom = reader.texts(mapping["cache-from"], "\(what)/cache-from")
    image.cacheTo = reader.texts(mapping["cache-to"], "\(what)/cache-to")
    image.network = reader.text(mapping["network"], "\(what)/network")
    image.ecrCreate = reader.text(mapping["ecr-create"], "\(what)/ecr-create")
    if let push = mapping["push"] { image.pushes = reader.flag(push, "\(what)/push") }
    if image.pushes == true, image.tags.isEmpty {
      reader.error(
        .buildspecForm, "\(what) is to be pushed and has no name", entry.keyRange, help: "add tags: [REGISTRY/NAME:TAG]"
      )
    }
    return image
  }

  /// A mapping, or a list of `NAME=value`.
  private mutating func pairs(_ node: YAMLNode?, _ what: String) -> [EnvironmentSection.Variable] {
    guard let items = node?.sequence else { return reader.variables(node, what) }
    return items.compactMap { item in
      guard let text = reader.text(item, "a value of \(what)") else { return nil }
      guard let equals = text.value.firstIndex(of: "="), equals > text.value.startIndex else {
        reader.error(.buildspecForm, "\"\(text.value)\" is not NAME=value", text.range, help: "write NAME=value")
        return nil
      }
      return EnvironmentSection.Variable(
        name: WrittenText(String(text.value[..<equals]), text.range),
        value: WrittenText(String(text.value[text.value.index(after: equals)...]), text.range))
    }
  }

  /// Later commands know images by variables, which have to be different.
  private mutating func checkVariables() {
    var names: [String: SlipwaySection.Image] = [:]
    for image in spec.section.images {
      guard let other = names.updateValue(image, forKey: image.variable) else { continue }
      reader.error(
        .buildspecValue,
        "the images \(other.name.value) and \(image.name.value) have the same variable \(image.variable)",
        image.name.range, help: "rename one of them")
    }
  }

  private mutating func deployments(_ node: YAMLNode?) {
    guard let node, !node.isNull else { return }
    guard let items = node.sequence else {
      return reader.error(
        .buildspecForm, "slipway/deploy is \(node.kindName) and has to be a list", node.range,
        help: "write \"- plugin: NAME\" for each deployment")
    }
    for item in items {
      guard let mapping = reader.mapping(item, "a deployment") else { continue }
      reader.requireKeys(["name", "plugin", "images", "with", "sha256"], in: mapping, "a deployment")
      guard let plugin = reader.text(mapping["plugin"], "slipway/deploy/plugin"), !plugin.value.isEmpty else {
        reader.error(
          .buildspecForm, "a deployment names no plugin", item.range,
          help: "write plugin: rolling, blue-green, external, or the NAME of a slipway-deploy-NAME")
        continue
      }
      _ = reader.mapping(mapping["with"], "slipway/deploy/with")
      spec.section.deployments.append(
        .init(
          plugin: plugin, name: reader.text(mapping["name"], "slipway/deploy/name"), configuration: mapping["with"],
          pin: reader.text(mapping["sha256"], "slipway/deploy/sha256"),
          images: reader.variables(mapping["images"], "slipway/deploy/images")))
    }
  }

  private mutating func outputs(_ node: YAMLNode?) {
    guard let node, !node.isNull else { return }
    if let items = node.sequence ?? (node.scalar.map { _ in [node] }) {
      for item in items {
        guard let kind = reader.choice(item, "slipway/outputs", SlipwaySection.Output.Kind.self) else { continue }
        spec.section.outputs.append(.init(kind: kind))
      }
      return
    }
    guard let mapping = reader.mapping(node, "slipway/outputs") else { return }
    for entry in mapping.entries {
      let key = YAMLNode(.scalar(YAMLScalar(entry.key)), range: entry.keyRange)
      guard let kind = reader.choice(key, "slipway/outputs", SlipwaySection.Output.Kind.self) else { continue }
      spec.section.outputs.append(output(kind, entry))
    }
  }

  private mutating func output(
    _ kind: Written<SlipwaySection.Output.Kind>, _ entry: YAMLMapping.Entry
  ) -> SlipwaySection.Output {
    var output = SlipwaySection.Output(kind: kind)
    let what = "slipway/outputs/\(entry.key)"
    if let text = entry.value.text {
      output.path = WrittenText(text, entry.value.range)
    } else if let mapping = reader.mapping(entry.value, what) {
      reader.requireKeys(["path", "containers"], in: mapping, what)
      output.path = reader.text(mapping["path"], "\(what)/path")
      output.containers = reader.variables(mapping["containers"], "\(what)/containers")
    }
    let images = spec.section.images.map(\.name.value)
    for container in output.containers where !images.contains(container.value.value) {
      reader.error(
        .buildspecValue, "there is no image \(container.value.value)", container.value.range,
        help: Suggestion.nearest(to: container.value.value, in: images).map { "did you mean \($0)?" }
          ?? "the images are \(images.joined(separator: ", "))")
    }
    if output.kind.value == .imageDetail, images.count > 1, output.containers.count != 1 {
      reader.error(
        .buildspecValue, "imageDetail.json holds one image, and there are \(images.count)", entry.keyRange,
        help: "say which: imageDetail.json: {containers: {NAME: IMAGE}}")
    }
    return output
  }
}
