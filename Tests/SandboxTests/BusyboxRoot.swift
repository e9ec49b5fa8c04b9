import Glibc
import HostOS
import Sandbox
import Synchronization
import SystemPackage

/// A root file system with busybox and nothing else, in a folder that is removed with the value.
struct BusyboxRoot: ~Copyable {
  private let directory: TemporaryDirectory
  private let layer: BusyboxLayer
  var root: RootFilesystem

  var path: FilePath { directory.path }
  var lower: FilePath { layer.path }
  var upper: FilePath { root.upper }

  init() throws {
    let directory = try TemporaryDirectory(prefix: "slipway-sandbox-test")
    let path = directory.path
    let layer = BusyboxLayer(path: path.appending("lower"))
    let root = RootFilesystem(lowers: [layer.path], upper: path.appending("upper"), work: path.appending("work"))
    for folder in [layer.path, root.upper, root.work] { try Files.createDirectories(folder) }
    try changeMode(of: path, to: 0o755)
    try layer.fill()
    self.directory = directory
    self.layer = layer
    self.root = root
  }

  /// Writes a file of the lower layer.
  func write(_ text: String, to name: String, mode: mode_t = 0o644) throws {
    try layer.write(Array(text.utf8), to: name, mode: mode)
  }

  func link(_ name: String, to target: String) throws { try layer.link(name, to: target) }
}

/// `/bin` with busybox and its names, `/etc/passwd`, `/tmp`, and files to change in `/data`.
private struct BusyboxLayer {
  var path: FilePath

  func fill() throws {
    for folder in ["bin", "etc", "tmp", "data"] { try Files.createDirectories(path.appending(folder)) }
    try changeMode(of: path.appending("tmp"), to: 0o1777)
    try write(Files.read("/bin/busybox"), to: "bin/busybox", mode: 0o755)
    for name in [
      "sh", "true", "false", "cat", "echo", "env", "id", "pwd", "ls", "ps", "sleep", "rm", "mkdir", "mv", "touch", "dd",
      "grep", "ip", "stat", "hostname", "kill", "setsid", "head", "seq", "mount", "chmod", "wc", "readlink", "tr",
      "chown",
    ] { try link("bin/\(name)", to: "busybox") }
    try write(Array("root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n".utf8), to: "etc/passwd")
    try write(Array("lower\n".utf8), to: "data/file")
    try write(Array("other\n".utf8), to: "data/other")
  }

  func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o644) throws {
    let file = path.pushing(FilePath(name))
    try Files.createDirectories(file.removingLastComponent())
    try Files.withDescriptor(
      file, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644)
    ) { _ = try $0.writeAll(bytes) }
    try changeMode(of: file, to: mode)
  }

  func link(_ name: String, to target: String) throws {
    let link = path.pushing(FilePath(name))
    try Files.createDirectories(link.removingLastComponent())
    guard symlink(target, link.string) == 0 else { throw HostError("link", link, .current) }
  }
}

private func changeMode(of path: FilePath, to mode: mode_t) throws {
  guard chmod(path.string, mode) == 0 else { throw HostError("change the mode of", path, .current) }
}

/// What a command wrote, and how it ended.
struct Run: Sendable {
  var status: ExitStatus
  var output: String
  var errorOutput: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Collects output from another thread.
final class OutputCollector: Sendable {
  private let streams = Mutex<[Sandbox.Stream: [UInt8]]>([:])

  func append(_ stream: Sandbox.Stream, _ bytes: [UInt8]) {
    streams.withLock { $0[stream, default: []] += bytes }
  }

  func text(_ stream: Sandbox.Stream) -> String {
    streams.withLock { String(decoding: $0[stream] ?? [], as: UTF8.self) }
  }
}

extension BusyboxRoot {
  /// Runs a shell script.
  func shell(_ script: String, _ change: (inout SandboxCommand) -> Void = { _ in }) async throws -> Run {
    try await run(["/bin/sh", "-c", script], change)
  }

  func run(_ arguments: [String], _ change: (inout SandboxCommand) -> Void = { _ in }) async throws -> Run {
    var command = SandboxCommand(arguments, environment: ["PATH=/usr/bin:/bin"])
    change(&command)
    let collector = OutputCollector()
    let status = try await Sandbox().run(command, in: root) { collector.append($0, $1) }
    return Run(status: status, output: collector.text(.standardOutput), errorOutput: collector.text(.standardError))
  }

  /// All paths below the upper folder, sorted.
  func changes() throws -> [String] {
    func list(_ folder: FilePath, _ prefix: String) throws -> [String] {
      try Files.names(in: folder).flatMap { name -> [String] in
        let path = folder.appending(name)
        let shown = prefix + name.string
        return [shown] + (try FileStatus(of: path).kind == .directory ? list(path, shown + "/") : [])
      }
    }
    return try list(upper, "")
  }
}
