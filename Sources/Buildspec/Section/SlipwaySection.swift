public import SourceYAML

/// `slipway`: what this program does beside the phases.
public struct SlipwaySection: Sendable, Hashable {
  /// An image that is built after the phase `build`. Texts may have variables.
  public struct Image: Sendable, Hashable {
    public var name: WrittenText
    public var context: WrittenText?
    public var dockerfile: WrittenText?
    public var target: WrittenText?
    public var tags: [WrittenText] = []
    public var platforms: [WrittenText] = []
    public var arguments: [EnvironmentSection.Variable] = []
    public var labels: [EnvironmentSection.Variable] = []
    public var annotations: [EnvironmentSection.Variable] = []
    /// As `--secret` has them.
    public var secrets: [WrittenText] = []
    public var buildContexts: [EnvironmentSection.Variable] = []
    public var cacheFrom: [WrittenText] = []
    public var cacheTo: [WrittenText] = []
    public var network: WrittenText?
    public var ecrCreate: WrittenText?
    /// Nil is whether it has tags.
    public var pushes: Bool?

    /// `SLIPWAY_IMAGE_WEB_UI` of an image `web-ui`.
    public var variable: String { Self.variable(of: name.value) }

    public static func variable(of name: String) -> String {
      let letters = name.utf8.map { $0.isASCIILetter || (0x30...0x39).contains($0) ? $0 : 0x5F }
      return "SLIPWAY_IMAGE_" + String(decoding: letters, as: UTF8.self).uppercased()
    }

    public var isPushed: Bool { pushes ?? !tags.isEmpty }
  }

  /// A deployment, which a plugin carries out.
  public struct Deployment: Sendable, Hashable {
    public var plugin: WrittenText
    /// What people call it; nil is the plugin.
    public var name: WrittenText?
    /// What the plugin is told; its schema is the plugin's affair.
    public var configuration: YAMLNode?
    /// `sha256:` of the plugin's file.
    public var pin: WrittenText?
    /// References by names, which may have variables; empty for the images that are built here.
    public var images: [EnvironmentSection.Variable] = []
  }

  /// A file that is written when images are built.
  public struct Output: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
      case imageDefinitions = "imagedefinitions.json"
      case imageDetail = "imageDetail.json"
    }

    public var kind: Written<Kind>
    /// Nil is the name that the kind has.
    public var path: WrittenText?
    /// Names of containers with names of images; all images by their own names where it is empty.
    public var containers: [EnvironmentSection.Variable] = []
  }

  public var images: [Image] = []
  public var deployments: [Deployment] = []
  public var outputs: [Output] = []
}
