import Diagnostics
public import DockerfileSyntax

/// The stages of a Dockerfile that can be built: what `docker buildx build --call targets` prints (BuildKit,
/// `frontend/subrequests/targets`, version 1.0.0).
public struct TargetList: Sendable, Hashable, Codable {
  public struct Target: Sendable, Hashable, Codable {
    /// In lower case; nil when the stage has none.
    public var name: String?
    /// True for the last stage; nil for the others.
    public var isDefault: Bool?
    /// What a comment above FROM says of the name.
    public var description: String?
    /// What the stage is built on, as it is written.
    public var base: String?
    /// As it is written.
    public var platform: String?
    public var location: SourceLines

    enum CodingKeys: String, CodingKey {
      case name, description, base, platform, location
      case isDefault = "default"
    }
  }

  public var targets: [Target]
  /// The Dockerfile in Base64.
  public var sources: [String]

  public init(_ dockerfile: Dockerfile) {
    let last = dockerfile.stages.indices.last
    targets = dockerfile.stages.enumerated().map { index, stage in
      let from = stage.from
      return Target(
        name: stage.name, isDefault: index == last ? true : nil,
        description: stage.name.flatMap { from.comments.description(of: $0) }, base: from.image.text,
        platform: from.platform?.text, location: SourceLines(dockerfile.file, from.range))
    }
    sources = [Base64.encode(dockerfile.file.bytes)]
  }
}

extension TargetList: CustomStringConvertible {
  /// A table.
  public var description: String {
    let rows = targets.map { target in
      let words = [target.name, target.isDefault == true ? "(default)" : nil].compactMap { $0 }
      return [words.joined(separator: " "), target.description ?? ""]
    }
    return TextTable(padding: 1, rows: [["TARGET", "DESCRIPTION"]] + rows).text
  }
}
