import Diagnostics
import Foundation
import Glibc
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox

/// The process that starts commands.
@Suite(.timeLimit(.minutes(2))) struct LauncherTests {
  /// Processes by number: their names, their parents and their arguments.
  private struct Processes {
    private static func status(_ process: Int32, _ field: String) -> String? {
      guard let bytes = try? Files.read(FilePath("/proc/\(process)/status")) else { return nil }
      let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("\(field):") }
      return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.map(String.init)
    }

    static func name(of process: Int32) -> String? { status(process, "Name") }
    static func parent(of process: Int32) -> Int32? { status(process, "PPid").flatMap { Int32($0) } }
    /// A zombie is none.
    static func isThere(_ process: Int32) -> Bool { status(process, "State").map { $0 != "Z" } ?? false }

    /// The one process with an argument.
    static func having(_ argument: String) throws -> Int32? {
      try Files.names(in: "/proc").lazy.compactMap { Int32($0.string) }.first { process in
        guard name(of: process) == "sleep" else { return false }
        let bytes = (try? Files.read(FilePath("/proc/\(process)/cmdline"))) ?? []
        return bytes.split(separator: 0).contains { String(decoding: $0, as: UTF8.self) == argument }
      }
    }

    /// The launcher above the command with an argument, and all from there down to it.
    static func line(to argument: String) throws -> [Int32] {
      var line = [try #require(try having(argument))]
      while let last = line.last, name(of: last) != "launcher" { line.append(try #require(parent(of: last))) }
      return line.reversed()
    }

    static func untilGone(_ processes: [Int32]) async throws {
      while processes.contains(where: isThere) { try await Task.sleep(for: .milliseconds(5)) }
    }
  }

  /// No other command has it.
  private func nap() -> String { "\(Int.random(in: 100_000..<1_000_000_000))" }

  /// Runs a command that does not end by itself, and `body` once it has started.
  private func run(
    _ root: borrowing BusyboxRoot, _ nap: String, _ body: () throws -> Void
  ) async throws -> Result<Run, any Error> {
    let (lines, continuation) = AsyncStream<Void>.makeStream()
    let filesystem = root.root
    let task = Task {
      let command = SandboxCommand(["/bin/sh", "-c", "echo; exec sleep \(nap)"], environment: ["PATH=/bin"])
      let status = try await Sandbox().run(command, in: filesystem) { _, _ in continuation.yield() }
      return Run(status: status, output: "", errorOutput: "")
    }
    for await _ in lines { break }
    // The shell becomes the program after it has written.
    while try Processes.having(nap) == nil { try await Task.sleep(for: .milliseconds(1)) }
    do { try body() } catch {
      task.cancel()
      throw error
    }
    return await task.result
  }

  @Test func itsEndEndsTheCommandAndIsTold() async throws {
    let root = try BusyboxRoot()
    let nap = nap()
    var line: [Int32] = []
    let result = try await run(root, nap) {
      line = try Processes.line(to: nap)
      #expect(line.count == 3)
      #expect(Processes.parent(of: line[0]) == getpid())
      #expect(kill(line[0], SIGKILL) == 0)
    }
    let error = #expect(throws: SandboxError.self) { try result.get() }
    #expect(error?.diagnostics.first?.message.contains("the process that starts commands was killed") == true)
    #expect(line.dropFirst().allSatisfy { !Processes.isThere($0) })
    // Its children hear of its end a moment before it is over.
    try await Processes.untilGone(line)
    // Another one takes its place.
    #expect(try await root.shell("echo again").output == "again\n")
  }

  /// Its socket, itself and the mounts; what a command has is for that alone.
  @Test func holdsNoDescriptorOfCommands() async throws {
    let root = try BusyboxRoot()
    let nap = nap()
    let result = try await run(root, nap) {
      let line = try Processes.line(to: nap)
      #expect(try Files.names(in: FilePath("/proc/\(line[0])/fd")).map(\.string).sorted() == ["0", "1", "2"])
      // Process 1 has the pipe that it tells the end by.
      #expect(try Files.names(in: FilePath("/proc/\(line[1])/fd")).map(\.string) == ["3"])
      #expect(try Files.names(in: FilePath("/proc/\(line[2])/fd")).map(\.string).sorted() == ["0", "1", "2"])
      // Nothing of our memory, arguments or environment is in it.
      for process in line.prefix(2) {
        for file in ["cmdline", "environ"] { #expect(try Files.read(FilePath("/proc/\(process)/\(file)")) == []) }
      }
      #expect(kill(line[2], SIGTERM) == 0)
    }
    #expect(try result.get().status == .signaled(SIGTERM))
  }

  /// The next command's process is there before the command, and takes none that it is not fit for.
  @Test func seesWhatWasMountedSinceTheLastCommand() async throws {
    let root = try BusyboxRoot()
    let place = root.path.appending("mounted")
    try Files.createDirectories(place)
    let bound = SandboxMount(.bind(place, readOnly: true), at: "/m")
    #expect(try await root.shell("ls /m") { $0.mounts = [bound] }.output == "")
    let mounting = try await ChildProcess("mount", ["-t", "tmpfs", "tmpfs", place.string]).run()
    #expect(mounting.succeeded, "\(mounting.errorText)")
    let after: Result<String, any Error>
    do {
      try Files.createDirectories(place.appending("file"))
      after = .success(try await root.shell("ls /m") { $0.mounts = [bound] }.output)
    } catch { after = .failure(error) }
    let unmounting = try await ChildProcess("umount", [place.string]).run()
    #expect(unmounting.succeeded, "\(unmounting.errorText)")
    #expect(try after.get() == "file\n")
    #expect(try await root.shell("ls /m") { $0.mounts = [bound] }.output == "")
  }

  @Test func servesCommandsOfOtherNamespacesInTurn() async throws {
    let root = try BusyboxRoot()
    let host = try await root.shell("ls /sys/class/net") { $0.network = .host }.output
    for _ in 0..<3 {
      #expect(try await root.shell("ls /sys/class/net") { $0.network = .none }.output == "lo\n")
      #expect(try await root.shell("ls /sys/class/net") { $0.network = .host }.output == host)
    }
  }

  @Test func servesOneCommandAfterTheOther() async throws {
    let root = try BusyboxRoot()
    for number in 0..<20 {
      let run = try await root.shell("echo \(number); exit \(number)")
      #expect(run.output == "\(number)\n")
      #expect(run.status == .exited(Int32(number)))
    }
  }

  /// `SandboxProgram` under a name of its own.
  private func program(in folder: FilePath) throws -> FilePath {
    let built = try Files.symbolicLinkTarget("/proc/self/exe").removingLastComponent().appending("SandboxProgram")
    let copy = folder.appending("program")
    try FileManager.default.copyItem(atPath: built.string, toPath: copy.string)
    return copy
  }

  /// The caller is killed alone; what it started has to notice by itself.
  @Test func endsWithItsCaller() async throws {
    let root = try BusyboxRoot()
    let nap = nap()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try program(in: root.path).string)
    process.arguments = ["run", root.path.string, "--", "/bin/sleep", nap]
    try process.run()
    while try Processes.having(nap) == nil { try await Task.sleep(for: .milliseconds(5)) }
    let line = try Processes.line(to: nap)
    #expect(line.count == 3)
    kill(process.processIdentifier, SIGKILL)
    try await Processes.untilGone(line)
  }

  /// Nothing that is only about to end is left when a program is through.
  @Test func isGoneWhenItsCallerHasEnded() async throws {
    let root = try BusyboxRoot()
    let program = try program(in: root.path)
    let outcome = try await ChildProcess(program.string, ["run", root.path.string, "--", "/bin/true"]).run()
    let left = try Files.names(in: "/proc").filter { name in
      (try? Files.symbolicLinkTarget(FilePath("/proc").appending(name).appending("exe"))) == program
    }
    #expect(outcome.status == 0)
    #expect(left == [])
  }
}
