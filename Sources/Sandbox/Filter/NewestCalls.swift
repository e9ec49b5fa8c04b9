import CSeccomp
import Glibc

/// Instructions before a filter that answer ENOSYS to calls which are newer than all that it names, as runc does: a C
/// library that tries a new call takes an older one then, and would give up on EPERM.
struct NewestCalls {
  /// Calls of one architecture.
  private struct Calls {
    /// The kernel's number of it.
    var architecture: UInt32
    /// The highest one.
    var newest: UInt32
    /// Where further ones begin that are counted apart: those of x32, which the kernel takes for amd64, and arm's own.
    var further: UInt32?
    /// The highest of these; nil when the program shall decide on them.
    var newestFurther: UInt32?
  }

  private let calls: [Calls]

  /// - Parameter tokens: libseccomp's numbers of architectures, which are the kernel's but for x32.
  init(of names: [String], on tokens: [UInt32]) {
    let x32 = seccomp_arch_resolve_name("x32")
    let further: [UInt32: UInt32] = [
      seccomp_arch_resolve_name("x86_64"): 0x4000_0000, seccomp_arch_resolve_name("arm"): 0xF_0000,
    ]
    let newest = { (token: UInt32, limit: UInt32) -> UInt32 in
      names.map { seccomp_syscall_resolve_name_arch(token, $0) }.filter { $0 >= 0 }.map { UInt32($0) }
        .filter { $0 < limit }.max() ?? 0
    }
    calls = tokens.filter { $0 != x32 }.map { token in
      var calls = Calls(
        architecture: token, newest: newest(token, further[token] ?? UInt32.max), further: further[token])
      if calls.further == 0x4000_0000 { calls.newestFurther = tokens.contains(x32) ? newest(x32, .max) : nil }
      return calls
    }
  }

  /// The program follows behind them.
  var instructions: [UInt8] {
    let blocks = calls.map(block)
    var result = [Instruction.load(4)]
    var left = blocks.reduce(0) { $0 + $1.count + 2 }
    for (architecture, block) in zip(calls.map(\.architecture), blocks) {
      result.append(.jump(.equal, architecture, otherwise: UInt8(block.count + 1)))
      left -= block.count + 2
      result += block
      // To the program.
      result.append(.jumpAlways(UInt32(left)))
    }
    return result.flatMap(\.bytes)
  }

  private func block(of calls: Calls) -> [Instruction] {
    let check = { (number: UInt32) in
      [Instruction.jump(.above, number, otherwise: 1), .answer(0x0005_0000 | UInt32(ENOSYS))]
    }
    guard let further = calls.further else { return [.load(0)] + check(calls.newest) }
    let checkFurther = calls.newestFurther.map(check) ?? []
    return [.load(0), .jump(.atLeast, further, otherwise: UInt8(checkFurther.count + 1))] + checkFurther
      + [.jumpAlways(2)] + check(calls.newest)
  }

  /// One of the kernel's: struct sock_filter.
  private struct Instruction {
    enum Comparison: UInt16 {
      case equal = 0x15
      case above = 0x25
      case atLeast = 0x35
    }

    var code: UInt16
    var skippedWhenTrue: UInt8 = 0
    var skippedWhenFalse: UInt8 = 0
    var value: UInt32

    /// A word of what the kernel tells of a call: 0 is its number, 4 the architecture.
    static func load(_ offset: UInt32) -> Instruction { Instruction(code: 0x20, value: offset) }

    /// Goes on when the comparison holds, and otherwise passes some by.
    static func jump(_ comparison: Comparison, _ value: UInt32, otherwise count: UInt8) -> Instruction {
      Instruction(code: comparison.rawValue, skippedWhenFalse: count, value: value)
    }

    static func jumpAlways(_ count: UInt32) -> Instruction { Instruction(code: 0x05, value: count) }

    static func answer(_ value: UInt32) -> Instruction { Instruction(code: 0x06, value: value) }

    var bytes: [UInt8] {
      withUnsafeBytes(of: code) { Array($0) } + [skippedWhenTrue, skippedWhenFalse]
        + withUnsafeBytes(of: value) { Array($0) }
    }
  }
}
