import CHostOS
import Glibc
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox

/// Commands that try to get out, at every rung, as root and as another user: at the machine's files, disks, settings,
/// processes, their environment and their memory.
@Suite(.serialized, .timeLimit(.minutes(4))) struct EscapeTests {
  private static let user = ["user", "1000", "1000"]

  /// What a command could reach, without what it was that it reached.
  private static func leaks(_ outcome: ChildProcess.Outcome) -> [String] {
    let lines = outcome.outputText.split(separator: "\n").map(String.init)
    #expect(lines.last == "tried", "\(outcome.outputText)\(outcome.errorText)")
    return Array(lines.dropLast())
  }

  /// A root folder with the program, and a file outside that holds a marker.
  private struct Bench: ~Copyable {
    let root: BusyboxRoot
    let outside: FilePath
    let marker = "marker-\(UInt64.random(in: 0...UInt64.max))"

    init() async throws {
      let root = try BusyboxRoot()
      let outside = root.path.appending("outside")
      try await EscapeProbe.build(at: root.lower.appending("escape"))
      try Files.createDirectories(outside)
      try Files.writeAtomically(
        Array(marker.utf8), to: outside.appending("file"), permissions: .init(rawValue: 0o666))
      // A mount that would be made outside if the link led there.
      try root.link("out", to: outside.string)
      self.root = root
      self.outside = outside
    }

    var variables: [String] { ["TEST_SECRET=\(marker)"] }

    var command: [String] {
      get throws {
        let disk = try FileStatus(of: outside).device
        return [
          "--", "/escape", outside.appending("file").string, marker, "\(hostos_major(disk))", "\(hostos_minor(disk))",
          "\(getpid())",
        ]
      }
    }

    func expectUntouched() throws {
      #expect(try Files.names(in: outside).map(\.string) == ["file"])
    }
  }

  /// The program finds what is there.
  @Test func whatIsShownIsFound() async throws {
    let bench = try await Bench()
    let outside = bench.outside
    let file = outside.appending("file").string
    let run = try await bench.root.run(Array(try bench.command.dropFirst())) {
      $0.mounts = [SandboxMount(.bind(outside, readOnly: true), at: outside)]
      $0.environment.append("TEST_SECRET=\(bench.marker)")
    }
    let kinds = Set(run.lines.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
    #expect(kinds == ["file", "link", "environment", "descriptor", "chroot"])
    #expect(run.lines.contains("LEAK file \(file)"))
  }

  @Test(arguments: [[], user]) func rootOfTheMachine(_ options: [String]) async throws {
    let bench = try await Bench()
    let program = try SandboxChrootTests.program().string
    let arguments = [program, "run", bench.root.path.string, "secret", "/out/secret", "0"] + options
    let outcome = try await Tool.attempt("env", bench.variables + arguments + bench.command)
    #expect(Self.leaks(outcome) == [])
    try bench.expectUntouched()
  }

  @Test(arguments: [[], user]) func plainUserWithRanges(_ options: [String]) async throws {
    let bench = try await Bench()
    try await PlainUser.withRanges { user in
      try await user.adopt(bench.root)
      let command = try bench.command
      let outcome = try await user.run(
        ["run", user.folder.string, "secret", "/out/secret", "0"] + options + command, variables: bench.variables)
      #expect(Self.leaks(outcome) == [])
      try bench.expectUntouched()
      _ = try await user.run(["remove", user.folder.string])
    }
  }

  /// Also where owners are recorded: what answers has more rights inside than the command.
  @Test(arguments: [[], ["owners"], ["owners"] + user])
  func plainUserWithOneID(_ options: [String]) async throws {
    let bench = try await Bench()
    let user = try PlainUser.withoutRanges()
    try await user.adopt(bench.root)
    let command = try bench.command
    let outcome = try await user.run(
      ["run", user.folder.string, "secret", "/out/secret", "0"] + options + command, variables: bench.variables)
    #expect(Self.leaks(outcome) == [])
    try bench.expectUntouched()
  }

  /// Signals are the one thing that docs/isolation.md says of it that is tried here.
  @Test(arguments: [[], SandboxChrootTests.containerRights], [[], user])
  func changedRootFolder(_ rights: [String], _ options: [String]) async throws {
    let bench = try await Bench()
    let program = try SandboxChrootTests.program().string
    let arguments = [program, "chroot", bench.root.path.string] + options
    let outcome = try await Tool.attempt("env", bench.variables + ["setpriv"] + rights + arguments + bench.command)
    #expect(Self.leaks(outcome) == (options.isEmpty ? ["LEAK signal "] : []))
    try bench.expectUntouched()
  }
}
