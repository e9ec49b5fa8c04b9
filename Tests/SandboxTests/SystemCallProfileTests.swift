import CSeccomp
import Foundation
import Glibc
import HostOS
import SystemPackage
import Testing

@testable import Sandbox

/// Our filter beside the profile of podman and buildah, which is Docker's with changes, as Debian has it.
@Suite struct SystemCallProfileTests {
  private struct Profile: Decodable {
    struct Rule: Decodable {
      struct Filter: Decodable {
        var caps: [String]?
        var arches: [String]?
      }
      struct Argument: Decodable {
        var index: Int
        var value: UInt64
        var valueTwo: UInt64
        var op: String
      }
      var names: [String]
      var action: String
      var args: [Argument]?
      var includes: Filter?
      var excludes: Filter?
    }
    var syscalls: [Rule]
  }

  @Test func permitsWhatPodmanPermits() throws {
    let bytes = try Files.read("/usr/share/containers/seccomp.json")
    let profile = try JSONDecoder().decode(Profile.self, from: Data(bytes))
    let rules = profile.syscalls.filter(Self.applies)
    let machine = FilterMachine(try SystemCallFilter.program(for: .container, on: .amd64))
    let token = seccomp_arch_resolve_name("x86_64")
    var (ours, theirs): (Set<String>, Set<String>) = ([], [])
    for name in Set(profile.syscalls.flatMap(\.names) + SystemCallRule.table.flatMap(\.names)) {
      let number = seccomp_syscall_resolve_name_arch(token, name)
      guard number >= 0 else { continue }
      if try machine.errno(of: UInt32(number), on: token) == nil { ours.insert(name) }
      if rules.contains(where: { $0.names.contains(name) && $0.action == "SCMP_ACT_ALLOW" }) { theirs.insert(name) }
    }
    #expect(ours.subtracting(theirs).subtracting(Self.onlyOurs) == [])
    #expect(theirs.subtracting(ours).subtracting(Self.onlyTheirs) == [])
  }

  /// Docker permits them: most are newer than the profile, one has no use.
  private static let onlyOurs: Set = [
    "cachestat", "fchmodat2", "futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "io_pgetevents",
    "map_shadow_stack", "vmsplice",
  ]
  /// Podman trusts the kernel's own checks with them; Docker does not, unless a capability says so.
  private static let onlyTheirs: Set = [
    "clone3", "fsconfig", "fsmount", "fsopen", "fspick", "get_mempolicy", "keyctl", "mbind", "mount", "mount_setattr",
    "move_mount", "open_tree", "pidfd_getfd", "pivot_root", "reboot", "set_mempolicy", "setns", "syslog", "umount2",
    "unshare",
  ]

  private static let capabilities = Set(
    """
    CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE
    SETFCAP
    """.split(whereSeparator: \.isWhitespace).map { "CAP_\($0)" })

  private static func applies(_ rule: Profile.Rule) -> Bool {
    if let caps = rule.includes?.caps, !caps.allSatisfy(capabilities.contains) { return false }
    if let arches = rule.includes?.arches, !arches.contains("amd64") { return false }
    if let caps = rule.excludes?.caps, caps.contains(where: capabilities.contains) { return false }
    if let arches = rule.excludes?.arches, arches.contains("amd64") { return false }
    return true
  }
}
