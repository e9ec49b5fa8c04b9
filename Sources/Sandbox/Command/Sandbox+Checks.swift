import CSandbox
import Glibc
import HostOS
import SystemPackage

extension Sandbox {
  /// Layers that overlayfs can join.
  static let maximumLayers = 500

  /// Finds what the kernel would refuse in ways that are hard to understand, and what C cannot express.
  static func check(_ command: SandboxCommand, _ root: RootFilesystem) throws(SandboxError) {
    guard ProcessCapabilities.effective.contains(.systemAdministration) else {
      throw SandboxError(
        .unavailable("this process may not mount: it lacks CAP_SYS_ADMIN"), help: Remedy.forNamespaces())
    }
    try check(command)
    for case .layers(let layers) in command.mounts.map(\.source) where layers.lowers.count > maximumLayers {
      throw SandboxError(
        .invalid("a mount has \(layers.lowers.count) layers, and overlayfs joins at most \(maximumLayers)"),
        help: ["squash the image that it comes from"])
    }
    guard root.lowers.count <= maximumLayers else {
      throw SandboxError(
        .invalid("the image has \(root.lowers.count) layers, and overlayfs joins at most \(maximumLayers)"),
        help: ["squash the base image"])
    }
  }

  /// The same for what does not depend on the way in which commands are kept apart.
  static func check(_ command: SandboxCommand) throws(SandboxError) {
    guard let name = command.arguments.first, !name.isEmpty else {
      throw SandboxError(.invalid("the command is empty"), help: ["name a program to run"])
    }
    guard !(command.arguments + command.environment + [command.hostName]).contains(where: { $0.utf8.contains(0) })
    else {
      throw SandboxError(
        .invalid("the command or its environment contains a null byte"), help: ["remove the null byte"])
    }
    for path in [command.workingDirectory] + command.mounts.map(\.target) where !path.isAbsolute {
      throw SandboxError(.invalid("the path \(path) is not absolute"), help: ["begin it with a slash"])
    }
    guard command.hostName.utf8.count <= 64 else {
      throw SandboxError(
        .invalid("the host name \(command.hostName) is longer than 64 bytes"), help: ["choose a shorter one"])
    }
  }

  /// What a child's report means, where it means a failure of ours or of the command's name.
  static func error(
    of report: ChildReport, _ steps: [Step], _ command: SandboxCommand, _ root: RootFilesystem?
  ) -> SandboxError? {
    if let refusal = report.refusal {
      let purpose = steps.indices.contains(refusal.step) ? steps[refusal.step].purpose : "prepare the command"
      var failure = SetUpFailure(purpose, refusal.systemCall, refusal.errno, detail: refusal.detail)
      failure.mount = steps.indices.contains(refusal.step) ? steps[refusal.step].mount : nil
      return SandboxError(.setUp(failure), help: remedies(steps, refusal, command, root))
    }
    if let failure = report.executionFailure { return error(of: failure, command) }
    return nil
  }

  private static func remedies(
    _ steps: [Step], _ refusal: ChildReport.Refusal, _ command: SandboxCommand, _ root: RootFilesystem?
  ) -> [String] {
    if steps.indices.contains(refusal.step), steps[refusal.step].kind == CSANDBOX_LIMIT,
      let limit = command.limits.first(where: { UInt64($0.resource) == steps[refusal.step].number })
    {
      return limit.remedies
    }
    return Remedy.forStep(steps, refusal, root)
  }

  private static func error(of failure: ChildReport.ExecutionFailure, _ command: SandboxCommand) -> SandboxError {
    let name = command.arguments.first ?? ""
    let tried = candidates(for: command).map(\.string)
    let path = tried.indices.contains(failure.candidate) ? tried[failure.candidate] : name
    switch failure.errno {
    case .noSuchFileOrDirectory:
      return SandboxError(
        .commandNotFound(name, tried: tried), help: ["check the name, and that the image contains the program"])
    case Errno(rawValue: ELIBACC):
      return SandboxError(
        .interpreterNotFound(path),
        help: [
          "check the first line of the script, also for a carriage return at its end",
          "check that the loader of a dynamically linked program is in the image, and that the architecture matches",
        ])
    case .execFormatError:
      return SandboxError(
        .commandNotExecutable(path, errno: failure.errno),
        help: ["begin a script with #! and its interpreter", "check that the program is for this architecture"])
    default:
      return SandboxError(
        .commandNotExecutable(path, errno: failure.errno), help: ["check the file's mode: chmod +x \(path)"])
    }
  }
}
