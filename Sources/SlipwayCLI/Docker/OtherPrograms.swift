import Diagnostics
import Glibc
import HostOS
import Slipway
import SystemPackage

/// `dockerd`, `service` and `systemctl`: a daemon is not needed, and all else is left to the machine's own program.
enum OtherPrograms {
  static func dockerd(_ arguments: [String]) -> Diagnostics.ExitCode {
    if arguments.contains("--version") || arguments.contains("-v") {
      DockerShim.write("Docker version \(DockerVersion.version), build \(DockerVersion.build)\n")
    } else {
      Terminal.tell("dockerd: no daemon is needed: docker is Slipway, which builds images by itself\n")
    }
    return .success
  }

  /// `service docker start`.
  static func service(_ arguments: [String], _ environment: Environment) -> Diagnostics.ExitCode {
    guard let name = arguments.first, isDocker(name) else { return pass("service", arguments, environment) }
    DockerShim.write("docker is ready: no daemon is needed.\n")
    return .success
  }

  /// `systemctl start docker.service`.
  static func systemctl(_ arguments: [String], _ environment: Environment) -> Diagnostics.ExitCode {
    let words = arguments.filter { !$0.hasPrefix("-") }
    guard words.count > 1, words.dropFirst().allSatisfy(isDocker) else {
      return pass("systemctl", arguments, environment)
    }
    switch words[0] {
    case "is-active": DockerShim.write("active\n")
    case "is-enabled": DockerShim.write("enabled\n")
    case "status": DockerShim.write("docker.service - Slipway, without a daemon\n   Active: active (running)\n")
    default: break
    }
    return .success
  }

  private static func isDocker(_ name: String) -> Bool {
    ["docker", "docker.service", "docker.socket", "containerd", "containerd.service"].contains(name)
  }

  /// Becomes the machine's own program of the name.
  static func pass(_ name: String, _ arguments: [String], _ environment: Environment) -> Diagnostics.ExitCode {
    guard let program = ShimFolder.program(behind: name, environment) else {
      Terminal.tell("\(name): command not found\n")
      return .init(rawValue: 127)
    }
    var words: [UnsafeMutablePointer<CChar>?] = ([program.string] + arguments).map { strdup($0) }
    words.append(nil)
    // What this process ignores, a program that it becomes would ignore, too.
    for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    execv(program.string, words)
    Terminal.tell("\(name): cannot run \(program): \(Errno.current.description.lowercased())\n")
    return .init(rawValue: 126)
  }
}
