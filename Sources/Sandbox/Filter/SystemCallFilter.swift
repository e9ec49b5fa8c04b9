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
  /// - Throws: `SandboxError` when libseccomp does not know the processor.
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
    var rules: [String: [SystemCallRule]] = [:]
    for rule in SystemCallRule.table where rule.holds(with: capabilities) {
      for name in rule.names { rules[name, default: []].append(rule) }
    }
    var program = FilterProgram()
    // What looks at arguments is shared by all processors.
    var looks: [String: FilterProgram.Label] = [:]
    for (name, rules) in rules.sorted(by: { $0.key < $1.key }) where isConditional(rules) {
      looks[name] = conditions(rules, in: &program)
    }
    let x32 = seccomp_arch_resolve_name("x32")
    let processors = tokens.filter { $0 != x32 }.map { token in
      CallNumbers(token, among: tokens) { name in rules[name].map { answer($0, name) } }
    }
    let starts = processors.map { search($0.ranges[...], looks, in: &program) }
    var start = program.answer(killed)
    for (processor, search) in zip(processors, starts).reversed() {
      start = program.branch(.equal, processor.architecture, then: search, otherwise: start)
    }
    _ = program.load(4, then: start)
    return program.bytes
  }

  private static let permitted: UInt32 = 0x7FFF_0000
  /// For processors that have no rules.
  private static let killed: UInt32 = 0
  private static func failing(_ errno: Int32) -> UInt32 { 0x0005_0000 | UInt32(errno) }

  /// A rule without a condition holds whatever others say.
  private static func isConditional(_ rules: [SystemCallRule]) -> Bool { rules.allSatisfy { $0.condition != nil } }

  private static func answer(_ rules: [SystemCallRule], _ name: String) -> CallNumbers.Answer {
    switch rules.first(where: { $0.condition == nil })?.answer {
    case .permit: .permit
    case .fail(let errno): .fail(errno)
    case nil: .look(name: name)
    }
  }

  private static func value(of answer: SystemCallRule.Answer) -> UInt32 {
    switch answer {
    case .permit: permitted
    case .fail(let errno): failing(errno)
    }
  }

  /// The first condition that holds decides.
  private static func conditions(
    _ rules: [SystemCallRule], in program: inout FilterProgram
  ) -> FilterProgram.Label {
    var otherwise = program.answer(failing(EPERM))
    for rule in rules.reversed() {
      guard let condition = rule.condition else { continue }
      var label = program.answer(value(of: rule.answer))
      for word in condition.words {
        label = program.compare(word.offset, mask: word.mask, word.value, then: label, otherwise: otherwise)
      }
      otherwise = label
    }
    return otherwise
  }

  /// Finds the range of a number by halves.
  private static func search(
    _ ranges: ArraySlice<(first: UInt32, answer: CallNumbers.Answer)>, _ looks: [String: FilterProgram.Label],
    in program: inout FilterProgram
  ) -> FilterProgram.Label {
    let first = half(ranges, looks, in: &program)
    return program.load(0, then: first)
  }

  private static func half(
    _ ranges: ArraySlice<(first: UInt32, answer: CallNumbers.Answer)>, _ looks: [String: FilterProgram.Label],
    in program: inout FilterProgram
  ) -> FilterProgram.Label {
    let middle = (ranges.startIndex + ranges.endIndex) / 2
    guard ranges.count > 1 else {
      switch ranges[middle].answer {
      case .permit: return program.answer(permitted)
      case .fail(let errno): return program.answer(failing(errno))
      case .look(let name): return looks[name] ?? program.answer(failing(EPERM))
      }
    }
    let above = half(ranges[middle...], looks, in: &program)
    let below = half(ranges[..<middle], looks, in: &program)
    return program.branch(.atLeast, ranges[middle].first, then: above, otherwise: below)
  }

  private static func failure(_ call: String, _ errno: Int32) -> SandboxError {
    SandboxError(
      .setUp(SetUpFailure("make the filter of system calls", call, Errno(rawValue: errno))),
      help: ["check that libseccomp is of version 2.5 or newer"])
  }
}

extension SystemCallRule.Condition {
  /// The halves of the argument that matter, with their places in what the kernel tells of a call.
  fileprivate var words: [(offset: UInt32, mask: UInt32, value: UInt32)] {
    let isLittleEndian = 1.littleEndian == 1
    let start = 16 + 8 * argument
    let halves: [(shift: UInt64, place: UInt32)] = [(0, isLittleEndian ? 0 : 4), (32, isLittleEndian ? 4 : 0)]
    return halves.compactMap { shift, place in
      let (mask, value) = (UInt32(truncatingIfNeeded: mask >> shift), UInt32(truncatingIfNeeded: value >> shift))
      return mask == 0 ? nil : (start + place, mask, value)
    }
  }
}
