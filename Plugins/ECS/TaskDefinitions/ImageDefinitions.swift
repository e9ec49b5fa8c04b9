public import DeployPlugins
import JSON

/// CodePipeline's imagedefinitions.json: `[{"name": CONTAINER, "imageUri": REFERENCE}, …]`.
public enum ImageDefinitions {
  /// - Throws: `PluginFailure` of the category `config`.
  public static func read(
    _ path: String, config: DeployConfig, key: String
  ) throws(PluginFailure) -> [(container: String, reference: String)] {
    let json = try DefinitionFile.read(path, variables: nil, config: config, key: key)
    guard let entries = json.array else { throw wrong(path, config, key) }
    var images: [(container: String, reference: String)] = []
    for entry in entries {
      guard let name = entry["name"]?.string, let image = entry["imageUri"]?.string else {
        throw wrong(path, config, key)
      }
      images.append((name, image))
    }
    return images
  }

  private static func wrong(_ path: String, _ config: DeployConfig, _ key: String) -> PluginFailure {
    config.failure(
      key, "\(path) has not the form of imagedefinitions.json",
      hint: "it is a list of {\"name\": CONTAINER, \"imageUri\": REFERENCE}")
  }
}
