import DockerfileSyntax
import OCI

/// What a stage is after some of its instructions: a tree, a configuration, and what RUN would see.
struct StageState {
  /// Nil is the empty tree.
  var vertex: VertexID?
  var config: ImageConfig
  /// ENV and ARG in the order of their declaration; a later one of the same name wins.
  var variables = VariableList()
  /// ARGs that were declared, with the values that they had then, for history.
  var buildArguments: [(name: String, value: String?)] = []
  /// Whether this stage has a CMD of its own, which ENTRYPOINT does not clear.
  var hasOwnCommand = false
  /// What the stage asks for; not what its base asks for.
  var outline: StageOutline?
  var title = ""
  /// What progress says that the stage is built for; nil where all is for one platform.
  var shownPlatform: Platform?
  var step = 0
  var stepCount = 0
  /// Whether the vertices of the stage are done anew (`--no-cache-filter`).
  var ignoresCache = false

  /// What BuildKit's frontend puts beside each entry of the history.
  static let historyComment = "buildkit.dockerfile.v0"

  init(platform: Platform) {
    config = ImageConfig(platform: platform)
    config.config = RuntimeConfig()
    config.config?.workingDir = "/"
    config.history = []
    completePath()
    takeOverEnvironment()
  }

  init(base: ImageConfig, platform: Platform) {
    config = base
    if base.architecture.isEmpty { config.architecture = platform.architecture }
    if base.os.isEmpty { config.os = platform.os }
    config.config = base.config ?? RuntimeConfig()
    config.config?.onBuild = nil
    if let folder = base.config?.workingDir, !folder.isEmpty, !folder.hasPrefix("/") {
      runtime.workingDir = workingDirectory
    }
    config.created = nil
    config.history = History.matching(base.history ?? [], layerCount: base.rootfs.diffIDs.count)
    completePath()
    takeOverEnvironment()
  }

  /// What `FROM stage` takes over: all but triggers and progress. Its ENV wins over its ARGs from here on.
  mutating func inherit() {
    config.config?.onBuild = nil
    takeOverEnvironment()
    hasOwnCommand = false
    step = 0
    stepCount = 0
  }

  /// What stands before a step: `[linux/amd64->arm64 build 2/5] `.
  func prefix(step: Int) -> String {
    let width = String(stepCount).count
    let number = String(step)
    let padding = String(repeating: " ", count: max(0, width - number.count))
    let words = [shownPlatform.map { "\($0)\(crossTarget(of: $0))" }, title.isEmpty ? nil : title].compactMap { $0 }
    return "[\(words.map { "\($0) " }.joined())\(padding)\(number)/\(stepCount)] "
  }

  /// What a stage compiles for that is not what it is built on, when its ARGs say so: `->arm64`.
  private func crossTarget(of platform: Platform) -> String {
    var target = platform
    if let text = variables.value(of: "TARGETPLATFORM"), let parsed = try? Platform(parsing: text) {
      target = parsed
    } else {
      let names = ["TARGETOS", "TARGETARCH", "TARGETVARIANT"].map { variables.value(of: $0) }
      guard names.contains(where: { $0 != nil }) else { return "" }
      target = Platform(
        os: names[0] ?? platform.os, architecture: names[1] ?? platform.architecture, variant: names[2])
      target = target.normalized
    }
    if target.os != platform.os { return "->\(target)" }
    guard target.architecture != platform.architecture else { return "" }
    return "->" + [target.architecture, target.variant].compactMap { $0 }.joined(separator: "/")
  }

  var runtime: RuntimeConfig {
    get { config.config ?? RuntimeConfig() }
    set { config.config = newValue }
  }

  var workingDirectory: String {
    let folder = runtime.workingDir ?? ""
    return folder.isEmpty ? "/" : ImagePath.resolve(folder, in: "/")
  }

  /// The shell for the shell form (Dockerfile reference, "SHELL").
  var shell: [String] {
    let shell = runtime.shell ?? []
    return shell.isEmpty ? ["/bin/sh", "-c"] : shell
  }

  mutating func setEnvironment(_ name: String, _ value: String) {
    variables.set(name, value)
    var environment = runtime.env ?? []
    let entry = "\(name)=\(value)"
    if let index = environment.firstIndex(where: { VariableList.split($0).name == name }) {
      environment[index] = entry
    } else {
      environment.append(entry)
    }
    runtime.env = environment
  }

  /// Writes an entry of the image's history as BuildKit does.
  mutating func record(_ text: String, makesLayer: Bool = false, marked: Bool = false) {
    config.history =
      (config.history ?? []) + [
        History(
          createdBy: marked ? "\(text) # buildkit" : text, comment: Self.historyComment, emptyLayer: !makesLayer)
      ]
  }

  /// Every stage has a PATH.
  private mutating func completePath() {
    let environment = runtime.env ?? []
    if !environment.contains(where: { $0.hasPrefix("PATH=") }) {
      runtime.env = environment + ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    }
  }

  private mutating func takeOverEnvironment() {
    for entry in runtime.env ?? [] {
      let (name, value) = VariableList.split(entry)
      variables.set(name, value)
    }
  }
}
