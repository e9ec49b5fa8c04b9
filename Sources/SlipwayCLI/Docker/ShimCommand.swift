import Diagnostics
import HostOS
import Slipway
import SystemPackage

/// The names of other programs that this one answers to.
enum ShimCommand {
  private static let names: Set = [
    "docker", "docker-buildx", "docker-compose", "dockerd", "podman", "service", "systemctl", "aws", "executor",
  ]

  static func isName(_ name: String) -> Bool { names.contains(name) }

  /// Does what the program of that name would do.
  static func run(name: String, arguments: [String]) async -> Diagnostics.ExitCode {
    switch name {
    case "docker", "podman": await DockerShim.run(arguments, program: name)
    case "docker-buildx": await DockerShim.run(["buildx"] + arguments, program: "docker")
    case "docker-compose": await DockerShim.run(["compose"] + arguments, program: "docker")
    default: .defect
    }
  }
}
