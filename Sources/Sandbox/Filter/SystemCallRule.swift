/// Which of its uses a system call is permitted or answered in.
struct SystemCallRule: Sendable, Hashable {
  enum Answer: Sendable, Hashable {
    case permit
    /// It fails with this errno.
    case fail(Int32)
  }

  /// What one argument, counted from 0, must be: all 64 bits, or those of a mask.
  struct Condition: Sendable, Hashable {
    var argument: UInt32
    var mask = UInt64.max
    var value: UInt64
  }

  /// Names as libseccomp knows them. Those that it does not know are left out.
  var names: [String]
  /// Several rules with one name hold beside each other.
  var condition: Condition?
  /// The rule is there only for commands that have this capability, or one of several.
  var capabilities: Capabilities?
  /// The rule is there only for commands that lack this capability.
  var absentCapability: Capabilities?
  var answer: Answer = .permit

  init(_ names: String, _ change: (inout SystemCallRule) -> Void = { _ in }) {
    self.names = names.split(whereSeparator: \.isWhitespace).map(String.init)
    change(&self)
  }

  func holds(with held: Capabilities) -> Bool {
    if let absentCapability, held.contains(absentCapability) { return false }
    return capabilities.map { !held.isDisjoint(with: $0) } ?? true
  }
}
