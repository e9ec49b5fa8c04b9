import Glibc
import HostOS
import Sandbox
import SystemPackage

/// How long the sandbox takes to run a program, from what it is told to the program's end: what a RUN costs without the
/// making of its layer.
///
///     RunBench ROOT SCRATCH COUNT PROGRAM [ARGUMENT …]
///
/// Runs PROGRAM COUNT times on the lower folder ROOT, with changes in SCRATCH, and prints the microseconds of each run.
@main struct RunBench {
  static func main() async throws {
    let arguments = Array(Swift.CommandLine.arguments.dropFirst())
    guard arguments.count >= 4, let count = Int(arguments[2]) else {
      print("usage: RunBench ROOT SCRATCH COUNT PROGRAM [ARGUMENT …]")
      exit(2)
    }
    for number in 0..<count {
      let folder = FilePath(arguments[1]).appending("\(number)")
      let root = RootFilesystem(
        lowers: [FilePath(arguments[0])], upper: folder.appending("upper"), work: folder.appending("work"))
      let command = SandboxCommand(Array(arguments[3...]), environment: ["PATH=/usr/bin:/bin"])
      let clock = ContinuousClock()
      let start = clock.now
      try Files.createDirectories(root.upper)
      try Files.createDirectories(root.work)
      let status = try await Sandbox().run(command, in: root) { _, _ in }
      print((clock.now - start) / .microseconds(1))
      guard status.isSuccess else { exit(1) }
    }
  }
}
