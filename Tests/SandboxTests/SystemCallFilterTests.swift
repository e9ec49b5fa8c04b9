import CSeccomp
import Foundation
import Glibc
import HostOS
import Testing

@testable import Sandbox

/// What the filter of system calls answers, for every processor, without the kernel.
@Suite struct SystemCallFilterTests {
  private typealias Architecture = SystemCallFilter.Architecture

  /// A filter, and the names of one of its processors.
  private struct Filter {
    let machine: FilterMachine
    let token: UInt32
    /// What the kernel calls the processor of x32 is amd64.
    let kernelToken: UInt32

    init(_ architecture: Architecture, as name: String, _ capabilities: Capabilities = .container) throws {
      machine = FilterMachine(try SystemCallFilter.program(for: capabilities, on: architecture))
      token = seccomp_arch_resolve_name(name)
      kernelToken = seccomp_arch_resolve_name(name == "x32" ? "x86_64" : name)
    }

    func number(_ name: String) -> UInt32? {
      // libseccomp has the older way in mind, where one call did for all of sockets.
      if name == "socket", token == seccomp_arch_resolve_name("x86") { return 359 }
      let number = seccomp_syscall_resolve_name_arch(token, name)
      return number < 0 ? nil : UInt32(number)
    }

    func errno(_ name: String, _ arguments: UInt64...) throws -> Int32? {
      try machine.errno(of: #require(number(name), "\(name)"), on: kernelToken, arguments)
    }

    func errno(ofNumber number: UInt32) throws -> Int32? { try machine.errno(of: number, on: kernelToken) }
  }

  private static let processors = [
    (Architecture.amd64, "x86_64"), (.amd64, "x86"), (.amd64, "x32"), (.arm64, "aarch64"), (.arm64, "arm"),
  ]

  @Test(arguments: processors.map(\.1)) func permitsWhatProgramsNeed(_ name: String) throws {
    let filter = try Filter(Self.architecture(of: name), as: name)
    for call in ["openat", "read", "execve", "brk", "futex", "seccomp", "ptrace", "capset", "chroot", "setresuid"] {
      #expect(try filter.errno(call) == nil, "\(call)")
    }
    let refused = [
      "mount", "unshare", "setns", "keyctl", "add_key", "request_key", "bpf", "reboot", "kexec_load", "init_module",
      "perf_event_open", "userfaultfd", "io_uring_setup", "open_by_handle_at", "pivot_root", "swapon", "acct",
    ]
    for call in refused { #expect(try filter.errno(call) == EPERM, "\(call)") }
  }

  @Test(arguments: processors.map(\.1)) func looksAtArguments(_ name: String) throws {
    let filter = try Filter(Self.architecture(of: name), as: name)
    #expect(try filter.errno("clone", UInt64(SIGCHLD)) == nil)
    for flag: UInt64 in [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000] {
      #expect(try filter.errno("clone", flag | UInt64(SIGCHLD)) == EPERM)
    }
    #expect(try filter.errno("clone3") == ENOSYS)
    for value: UInt64 in [0, 8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF] {
      #expect(try filter.errno("personality", value) == nil)
    }
    for value: UInt64 in [0x4_0000, 0x40_0000, 1] { #expect(try filter.errno("personality", value) == EPERM) }
    for domain: UInt64 in 0..<64 {
      #expect(try filter.errno("socket", domain) == ([38, 40].contains(domain) ? EPERM : nil), "\(domain)")
    }
    // The kernel looks at half of the register.
    if ["x86_64", "aarch64"].contains(name) { #expect(try filter.errno("socket", 40 | 1 << 32) == EPERM) }
  }

  @Test(arguments: processors.map(\.1)) func whatIsNewerIsNotThere(_ name: String) throws {
    let filter = try Filter(Self.architecture(of: name), as: name)
    let bit: UInt32 = name == "x32" ? 0x4000_0000 : 0
    for number: UInt32 in [600, 1000, 0xE_FFFF] {
      #expect(try filter.errno(ofNumber: bit | number) == ENOSYS, "\(number)")
    }
    // One that is old and not named.
    #expect(try filter.errno("vhangup") == EPERM)
  }

  @Test func otherProcessorsAreRefused() throws {
    let filter = try Filter(.amd64, as: "aarch64")
    #expect(try filter.errno(ofNumber: 0) == -1)
  }

  @Test func capabilitiesOpenTheirCalls() throws {
    let chroot = try Filter(.amd64, as: "x86_64", .chroot)
    #expect(try chroot.errno("chroot") == EPERM)
    let administrator = try Filter(.amd64, as: "x86_64", [.container, .systemAdministration])
    for call in ["mount", "unshare", "clone3", "setns"] { #expect(try administrator.errno(call) == nil, "\(call)") }
    #expect(try administrator.errno("clone", 0x1000_0000) == nil)
    #expect(try administrator.errno("keyctl") == EPERM)
  }

  @Test func isSmallEnoughForTheKernel() throws {
    for architecture in [Architecture.amd64, .arm64] {
      let machine = FilterMachine(try SystemCallFilter.program(for: .container, on: architecture))
      #expect(machine.count < 4096)
    }
  }

  /// Names that are not spelled as libseccomp has them would be left out in silence.
  @Test func everyNameIsKnownOrNew() {
    let new: Set = [
      "cachestat", "fchmodat2", "futex_requeue", "futex_wait", "futex_wake", "getxattrat", "listmount", "listxattrat",
      "lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr", "map_shadow_stack", "mseal", "removexattrat",
      "riscv_hwprobe", "setxattrat", "statmount", "uretprobe",
    ]
    let names = SystemCallRule.table.flatMap(\.names)
    let unknown = names.filter { seccomp_syscall_resolve_name($0) == __NR_SCMP_ERROR }
    #expect(Set(unknown).subtracting(new).isEmpty)
  }

  @Test func isMadeOnce() throws {
    let first = try SystemCallFilter.program(for: .container)
    #expect(try SystemCallFilter.program(for: .container) == first)
    #expect(SystemCallFilter.Architecture.native != nil)
  }

  private static func architecture(of name: String) -> Architecture {
    processors.first { $0.1 == name }?.0 ?? .amd64
  }
}
