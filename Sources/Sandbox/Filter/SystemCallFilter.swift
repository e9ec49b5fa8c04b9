import CSandbox
import CSeccomp
import Glibc
import HostOS
import Synchronization
import SystemPackage

/// The program by which the kernel decides on each system call of a command.
enum SystemCallFilter {
  /// A processor, with those that its programs may be for, too. Other processors have their own calls alone.
  struct Architecture: Sendable, Hashable {
    /// As libseccomp calls them.
    var name: String
    var others: [String]

    static let amd64 = Architecture(name: "x86_64", others: ["x86", "x32"])
    static let arm64 = Architecture(name: "aarch64", others: ["arm"])

    /// Of this machine; nil when libseccomp has no name for it.
    static let native: Architecture? = {
      let token = seccomp_arch_native()
      return [amd64, arm64].first { $0.tokens?.first == token }
        ?? ["riscv64", "s390x", "ppc64le"].map { Architecture(name: $0, others: []) }
        .first { $0.tokens?.first == token }
    }()

    /// Numbers of libseccomp, its own first.
    var tokens: [UInt32]? {
      let tokens = ([name] + others).map { seccomp_arch_resolve_name($0) }
      return tokens.contains(0) ? nil : tokens
    }
  }

  /// Whether this process can give commands a filter without taking from them the right to become another user by a
  /// setuid program, which `no_new_privs` would do.
  static var isPermitted: Bool {
    isKnown
      && (ProcessCapabilities.effective.contains(.systemAdministration) || csandbox_has_no_new_privileges() != 0)
  }

  /// Whether the kernel has such filters.
  static var isKnown: Bool { csandbox_has_filters() != 0 }

  private static let programs = Mutex<[Capabilities: [UInt8]]>([:])

  /// For commands with these capabilities on this machine, made once: instructions of the kernel's (struct
  /// sock_filter).
  /// - Throws: `SandboxError` when libseccomp cannot make it.
  static func program(for capabilities: Capabilities) throws(SandboxError) -> [UInt8] {
    if let known = programs.withLock({ $0[capabilities] }) { return known }
    guard let architecture = Architecture.native else { throw failure("seccomp_arch_native", ENOSYS) }
    let program = try program(for: capabilities, on: architecture)
    programs.withLock { $0[capabilities] = program }
    return program
  }

  /// The same for any processor.
  static func program(for capabilities: Capabilities, on architecture: Architecture) throws(SandboxError) -> [UInt8] {
    guard let tokens = architecture.tokens else { throw failure("seccomp_arch_resolve_name", ENOSYS) }
    guard let context = seccomp_init(answer(.fail(EPERM))) else { throw failure("seccomp_init", ENOMEM) }
    defer { seccomp_release(context) }
    let present = seccomp_arch_native()
    for token in tokens where token != present { try check("seccomp_arch_add", seccomp_arch_add(context, token)) }
    if !tokens.contains(present) { try check("seccomp_arch_remove", seccomp_arch_remove(context, present)) }
    // A search in place of a list; the order of rules means nothing.
    try check("seccomp_attr_set", seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2))
    let rules = SystemCallRule.table.filter { $0.holds(with: capabilities) }
    for rule in rules { for name in rule.names { try add(rule, name, to: context) } }
    let newest = NewestCalls(of: rules.flatMap(\.names), on: tokens)
    return newest.instructions + (try export(context))
  }

  private static func add(
    _ rule: SystemCallRule, _ name: String, to context: scmp_filter_ctx
  ) throws(SandboxError) {
    let number = seccomp_syscall_resolve_name(name)
    // Newer than this libseccomp.
    if number == __NR_SCMP_ERROR { return }
    let comparisons = rule.condition.map { [$0.comparison] } ?? []
    let result = seccomp_rule_add_array(
      context, answer(rule.answer), number, UInt32(comparisons.count), comparisons)
    try check("seccomp_rule_add \(name)", result)
  }

  private static func answer(_ answer: SystemCallRule.Answer) -> UInt32 {
    switch answer {
    case .permit: SCMP_ACT_ALLOW
    case .fail(let errno): 0x0005_0000 | UInt32(errno)
    }
  }

  /// A program has at most 4,096 instructions of 8 bytes, which a pipe holds.
  private static func export(_ context: scmp_filter_ctx) throws(SandboxError) -> [UInt8] {
    let pipe: Pipe
    do { pipe = try Pipe() } catch { throw failure("pipe2", ENFILE) }
    try check("seccomp_export_bpf", seccomp_export_bpf(context, pipe.writeEnd))
    pipe.closeWriteEnd()
    var program: [UInt8] = []
    pipe.drain { program += $0 }
    return program
  }

  private static func check(_ call: String, _ result: Int32) throws(SandboxError) {
    if result < 0 { throw failure(call, -result) }
  }

  private static func failure(_ call: String, _ errno: Int32) -> SandboxError {
    SandboxError(
      .setUp(SetUpFailure("make the filter of system calls", call, Errno(rawValue: errno))),
      help: ["check that libseccomp is of version 2.5 or newer"])
  }
}

extension SystemCallRule.Condition {
  fileprivate var comparison: scmp_arg_cmp {
    mask == .max
      ? scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
      : scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
  }
}
