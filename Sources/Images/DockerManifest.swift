/// An element of `manifest.json` as `docker save` writes it (moby image-spec v1.2, "Combined Image JSON").
struct DockerManifest: Codable {
  var config: String
  var repoTags: [String]?
  var layers: [String]

  enum CodingKeys: String, CodingKey {
    case config = "Config"
    case repoTags = "RepoTags"
    case layers = "Layers"
  }
}
