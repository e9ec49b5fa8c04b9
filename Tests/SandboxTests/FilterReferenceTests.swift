import CSeccomp
import Glibc
import HostOS
import Testing

@testable import Sandbox

/// Our program answers as the one that libseccomp makes of the same rules, which is three times as long.
@Suite struct FilterReferenceTests {
  private typealias Architecture = SystemCallFilter.Architecture

  private static let processors = [
    (Architecture.amd64, "x86_64", UInt32(0)), (.amd64, "x86", 0), (.amd64, "x32", 0x4000_0000),
    (.arm64, "aarch64", 0), (.arm64, "arm", 0),
  ]

  @Test(arguments: 0..<5, [Capabilities.container, .chroot, [.container, .systemAdministration]])
  func answersAsLibseccomp(_ index: Int, _ capabilities: Capabilities) throws {
    let (architecture, name, first) = Self.processors[index]
    let ours = FilterMachine(try SystemCallFilter.program(for: capabilities, on: architecture))
    let theirs = FilterMachine(try Self.reference(capabilities, architecture))
    #expect(ours.count * 2 < theirs.count)
    let kernelToken = seccomp_arch_resolve_name(name == "x32" ? "x86_64" : name)
    let token = seccomp_arch_resolve_name(name)
    let conditional = SystemCallRule.table.filter { $0.condition != nil }.flatMap(\.names)
    var looked = Set(conditional.map { UInt32(bitPattern: seccomp_syscall_resolve_name_arch(token, $0)) })
    // `socket`, of which libseccomp has the older way in mind.
    if name == "x86" { looked.insert(359) }
    // Others have half as large arguments.
    let large: [UInt64] = ["x86_64", "aarch64"].contains(name) ? [1 << 32, 1 << 32 | 40] : []
    for number in first..<first + 640 {
      let more = [1, 8, 17, 38, 40, 41, 0x2_0008, 0x1000_0011, 0xFFFF_FFFF] + large
      for argument in [0] + (looked.contains(number) ? more : []) {
        let answer = try ours.errno(of: number, on: kernelToken, [argument])
        let expected = try theirs.errno(of: number, on: kernelToken, [argument])
        // What is newer than all rules.
        if answer == ENOSYS, expected == EPERM, try ours.errno(of: first + 639, on: kernelToken) == ENOSYS,
          try (number..<first + 640).allSatisfy({ try theirs.errno(of: $0, on: kernelToken) == EPERM })
        {
          continue
        }
        #expect(answer == expected, "\(name) \(number) of \(argument)")
      }
    }
  }

  private static func reference(_ capabilities: Capabilities, _ architecture: Architecture) throws -> [UInt8] {
    let context = try #require(seccomp_init(0x0005_0000 | UInt32(EPERM)))
    defer { seccomp_release(context) }
    let tokens = try #require(architecture.tokens)
    let present = seccomp_arch_native()
    for token in tokens where token != present { #expect(seccomp_arch_add(context, token) == 0) }
    if !tokens.contains(present) { #expect(seccomp_arch_remove(context, present) == 0) }
    for rule in SystemCallRule.table where rule.holds(with: capabilities) {
      let answer: UInt32 = if case .fail(let errno) = rule.answer { 0x0005_0000 | UInt32(errno) } else { 0x7FFF_0000 }
      let comparisons = rule.condition.map { [comparison($0)] } ?? []
      for name in rule.names {
        let number = seccomp_syscall_resolve_name(name)
        if number == __NR_SCMP_ERROR { continue }
        let result = seccomp_rule_add_array(context, answer, number, UInt32(comparisons.count), comparisons)
        #expect(result == 0, "\(name)")
      }
    }
    let pipe = try Pipe()
    #expect(seccomp_export_bpf(context, pipe.writeEnd) == 0)
    pipe.closeWriteEnd()
    var program: [UInt8] = []
    pipe.drain { program += $0 }
    return program
  }

  private static func comparison(_ condition: SystemCallRule.Condition) -> scmp_arg_cmp {
    condition.mask == .max
      ? scmp_arg_cmp(arg: condition.argument, op: SCMP_CMP_EQ, datum_a: condition.value, datum_b: 0)
      : scmp_arg_cmp(
        arg: condition.argument, op: SCMP_CMP_MASKED_EQ, datum_a: condition.mask, datum_b: condition.value)
  }
}
