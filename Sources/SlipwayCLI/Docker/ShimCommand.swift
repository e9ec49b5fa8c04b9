import Diagnostics
import Glibc
import HostOS
import Slipway
import SystemPackage

/// The names of other programs that this one answers to.
enum ShimCommand {
  private static let names: Set = [
    "docker", "docker-buildx", "docker-compose", "dockerd", "podman", "service", "systemctl", "aws", "executor", "sudo",
  ]

  static func isName(_ name: String) -> Bool { names.contains(name) }

  /// Does what the program of that name would do.
  static func run(name: String, arguments: [String]) async -> Diagnostics.ExitCode {
    switch name {
    case "docker", "podman": await DockerShim.run(arguments, program: name)
    case "docker-buildx": await DockerShim.run(["buildx"] + arguments, program: "docker")
    case "docker-compose": await DockerShim.run(["compose"] + arguments, program: "docker")
    case "dockerd": OtherPrograms.dockerd(arguments)
    case "service": OtherPrograms.service(arguments, .current)
    case "systemctl": OtherPrograms.systemctl(arguments, .current)
    case "sudo": await sudo(arguments)
    case "aws": await AWSCommandLine.run(arguments, .current)
    case "executor": await KanikoExecutor.run(arguments)
    default: .defect
    }
  }

  /// sudo has a PATH of its own, where the names of this program are not found: they are answered here, with the rights
  /// that there are.
  private static func sudo(_ arguments: [String]) async -> Diagnostics.ExitCode {
    let environment = Environment.current
    var rest = arguments[...]
    while let word = rest.first {
      if word == "--" {
        rest.removeFirst()
        break
      }
      if ["-E", "-n", "-H", "-S", "-b", "--preserve-env", "--non-interactive", "--set-home"].contains(word)
        || word.hasPrefix("--preserve-env=")
      {
        rest.removeFirst()
      } else if ["-u", "-g", "--user", "--group"].contains(word), rest.count > 1 {
        rest.removeFirst(2)
      } else if !word.hasPrefix("-"), word.contains("=") {
        // The program is told of it by its environment.
        let pair = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        setenv(pair[0], pair[1], 1)
        rest.removeFirst()
      } else {
        break
      }
    }
    let name = rest.first.map { String($0.split(separator: "/").last ?? "") } ?? ""
    if isName(name), name != "sudo" { return await run(name: name, arguments: Array(rest.dropFirst())) }
    if ShimFolder.program(behind: "sudo", environment) == nil, geteuid() == 0, let program = rest.first {
      // Whoever is root already needs none.
      return OtherPrograms.pass("env", [program] + rest.dropFirst(), environment)
    }
    return OtherPrograms.pass("sudo", arguments, environment)
  }
}
