import CSandbox
import Glibc
import HostOS
import SystemPackage
import Testing

@testable import Sandbox

/// How filters of system calls come into a child, and their listeners out of it.
@Suite(.timeLimit(.minutes(2))) struct FilterPlumbingTests {
  /// `return VALUE` in the kernel's language for filters.
  private func program(returning value: UInt32) -> [UInt8] {
    [0x06, 0, 0, 0] + withUnsafeBytes(of: value) { Array($0) }
  }
  private static let allow: UInt32 = 0x7FFF_0000

  /// Works steps in a child; what it told, and the listener that it sent.
  private func work(_ steps: [Step]) throws -> (report: ChildReport, listener: FileDescriptor?) {
    let null = try Files.open("/dev/null", .readWrite)
    defer { try? null.close() }
    let status = try Pipe(waits: true)
    var (ours, theirs): (Int32, Int32) = (-1, -1)
    #expect(csandbox_socket_pair(&ours, &theirs) == 0)
    defer { close(ours) }
    let memory = PlanMemory(steps)
    var plan = memory.plan(namespaces: 0)
    plan.input = null.rawValue
    plan.output = null.rawValue
    plan.error_output = null.rawValue
    plan.status = status.writeEnd
    plan.listeners = theirs
    var child: Int32 = -1
    let error = withExtendedLifetime(memory) { csandbox_spawn(&plan, &child) }
    #expect(error == 0)
    close(theirs)
    status.closeWriteEnd()
    var listener: Int32 = -1
    let result = csandbox_receive_descriptor(ours, &listener)
    #expect(result == (listener < 0 ? EPIPE : 0))
    var report = ChildReport()
    status.drain { report.append($0) }
    _ = csandbox_reap(child)
    close(child)
    return (report, listener < 0 ? nil : FileDescriptor(rawValue: listener))
  }

  @Test func aListenerComesToTheCaller() throws {
    let filter = Step.filter(program(returning: Self.allow), flags: csandbox_FILTER_LISTENER)
    let (report, listener) = try work([filter])
    let descriptor = try #require(listener)
    defer { try? descriptor.close() }
    #expect(report.waitStatus == 0)
    let name = try Files.symbolicLinkTarget(FilePath("/proc/self/fd/\(descriptor.rawValue)"))
    #expect(name.string.contains("seccomp notify"))
  }

  @Test func withoutAListenerTheSocketIsClosed() throws {
    let (report, listener) = try work([.filter(program(returning: Self.allow))])
    #expect(listener == nil)
    #expect(report.waitStatus == 0)
  }

  @Test(arguments: [0, 5000]) func aProgramThatTheKernelRefusesIsTold(_ count: Int) throws {
    let instructions = Array(repeating: program(returning: Self.allow), count: count).flatMap(\.self)
    let (report, _) = try work([.filter(instructions)])
    #expect(report.refusal?.systemCall == "seccomp")
    #expect(report.refusal?.errno == (count == 0 ? .invalidArgument : Errno(rawValue: E2BIG)))
  }
}
