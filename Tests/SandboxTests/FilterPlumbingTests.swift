import CSandbox
import Glibc
import HostOS
import SystemPackage
import Testing

@testable import Sandbox

/// How filters of system calls come into a child.
@Suite(.timeLimit(.minutes(2))) struct FilterPlumbingTests {
  /// `return VALUE` in the kernel's language for filters.
  private func program(returning value: UInt32) -> [UInt8] {
    [0x06, 0, 0, 0] + withUnsafeBytes(of: value) { Array($0) }
  }
  private static let allow: UInt32 = 0x7FFF_0000

  /// Works steps in a child.
  private func work(_ steps: [Step]) throws -> ChildReport {
    let supervisor = Supervisor(
      namespaces: 0, timeout: .seconds(60), killSwitch: KillSwitch(), output: { _, _ in })
    return try supervisor.run(steps, nil).report
  }

  @Test func aFilterIsInstalled() throws {
    let report = try work([.filter(program(returning: Self.allow))])
    #expect(report.refusal == nil)
    #expect(report.waitStatus == 0)
  }

  @Test(arguments: [0, 5000]) func aProgramThatTheKernelRefusesIsTold(_ count: Int) throws {
    let instructions = Array(repeating: program(returning: Self.allow), count: count).flatMap(\.self)
    let report = try work([.filter(instructions)])
    #expect(report.refusal?.systemCall == "seccomp")
    #expect(report.refusal?.errno == (count == 0 ? .invalidArgument : Errno(rawValue: E2BIG)))
  }
}
