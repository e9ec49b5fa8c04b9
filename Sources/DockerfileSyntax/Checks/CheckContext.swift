public import Diagnostics

/// What the checks know besides the Dockerfile. Everything is optional: what is not known is not reported.
public struct CheckContext: Sendable, Hashable {
  /// What is known of the image that a stage starts from: all of it comes from the image's config. The image's
  /// working folder is not among it, since WorkdirRelativePath does not rely on it.
  public struct BaseImage: Sendable, Hashable {
    /// `config.Env`.
    public var environment: [String: String]
    /// `os`, `architecture` and `variant`; nil when the platform is not known.
    public var platform: CheckPlatform?
    /// Whether there is a `config.Shell` that is not empty.
    public var hasShell: Bool
    /// `config.OnBuild`, in its order: they are checked in each stage that starts from the image, as BuildKit does.
    public var triggers: [String]

    public init(
      environment: [String: String] = [:], platform: CheckPlatform? = nil, hasShell: Bool = false,
      triggers: [String] = []
    ) {
      self.environment = environment
      self.platform = platform
      self.hasShell = hasShell
      self.triggers = triggers
    }
  }

  /// The images that stages start from, by the stages' indices. Stages that start from another stage or from `scratch`
  /// have none; a stage whose image is not known must be left out, since UndefinedVar holds an image's variables for
  /// all there are.
  public var bases: [Int: BaseImage] = [:]
  /// What is kept out of the context.
  public var ignore: DockerIgnore?
  /// Where the rules of `ignore` stand, so that messages can point at them.
  public var ignoreFile: SourceFile?
  /// `--build-arg`
  public var buildArguments: [String: String] = [:]
  public var buildPlatform = CheckPlatform(os: "linux", architecture: "amd64")
  public var targetPlatform = CheckPlatform(os: "linux", architecture: "amd64")
  /// `--target`, which is all that `TARGETSTAGE` tells.
  public var target: String?
  /// The indices of the stages whose instructions and base images are checked; nil means all. Names, cases and what
  /// FROM says are checked everywhere, as BuildKit does.
  public var builtStages: Set<Int>?
  /// Replaces what the file says by `# check=`, as the build argument `BUILDKIT_DOCKERFILE_CHECK` does.
  public var options: CheckOptions?

  public init() {}

  func isBuilt(_ stage: Int) -> Bool { builtStages?.contains(stage) ?? true }
}

/// An operating system and a processor, as far as the checks compare them.
public struct CheckPlatform: Sendable, Hashable, CustomStringConvertible {
  public var os: String
  public var architecture: String
  public var variant: String?

  public init(os: String, architecture: String, variant: String? = nil) {
    self.os = os
    self.architecture = architecture
    self.variant = variant
  }

  /// Reads `os/architecture[/variant]`, an operating system or an architecture; what is left out is taken from
  /// `defaults`. Nil when the text is no platform.
  public init?(_ text: String, defaults: CheckPlatform) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { $0.lowercased() }
    guard (1...3).contains(parts.count), parts.allSatisfy(Self.isComponent) else { return nil }
    if parts.count == 1 {
      self = defaults
      variant = nil
      if Self.systems.contains(parts[0]) { os = parts[0] } else { architecture = Self.normalized(parts[0]) }
    } else {
      self.init(os: parts[0], architecture: Self.normalized(parts[1]), variant: parts.count == 3 ? parts[2] : nil)
    }
    if os == "macos" { os = "darwin" }
  }

  public var description: String {
    [os, architecture, variant].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "/")
  }

  private static let systems: Set = [
    "aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "ios", "js", "linux", "macos", "netbsd", "openbsd",
    "plan9", "solaris", "wasip1", "windows",
  ]

  private static func isComponent(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || ASCII.isDigit(byte) || byte == ASCII.hyphen
          || byte == UInt8(ascii: "_")
      }
  }

  private static func normalized(_ architecture: String) -> String {
    switch architecture {
    case "x86_64", "x86-64": "amd64"
    case "aarch64": "arm64"
    case "i386": "386"
    case "armhf", "armel": "arm"
    default: architecture
    }
  }
}
