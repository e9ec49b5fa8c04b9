/// A change of permission bits as chmod(1) takes it: octal, or symbolic such as `u=rwX,go-w`.
public struct FileModeChange: Sendable, Hashable {
  private enum Rule: Sendable, Hashable {
    case absolute(UInt16)
    case symbolic([Clause])
  }

  private struct Clause: Sendable, Hashable {
    /// Of `u`, `g`, `o`: bits 2, 1, 0.
    var who: UInt16
    var operation: UInt8
    /// Of `r`, `w`, `x`: bits 2, 1, 0.
    var permissions: UInt16
    /// The class that the permissions are copied from, as in `g=u`: a bit as in `who`, or 0.
    var origin: UInt16
    var executeIfAny: Bool
    var setID: Bool
    var sticky: Bool
  }

  private let rule: Rule
  /// As it was written.
  public let text: String

  /// Nil when the text is neither an octal number up to 07777 nor a list of symbolic changes.
  public init?(_ text: String) {
    self.text = text
    if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      guard let mode = UInt16(text, radix: 8), mode <= 0o7777 else { return nil }
      rule = .absolute(mode)
      return
    }
    var clauses: [Clause] = []
    for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard Self.parse(part, into: &clauses) else { return nil }
    }
    rule = .symbolic(clauses)
  }

  /// The number, when it is octal.
  public var absolute: UInt16? {
    if case .absolute(let mode) = rule { mode } else { nil }
  }

  /// The permission bits after the change of a file that has `mode`.
  public func apply(to mode: UInt16, isDirectory: Bool) -> UInt16 {
    switch rule {
    case .absolute(let mode): return mode
    case .symbolic(let clauses):
      return clauses.reduce(mode) { Self.apply($1, to: $0, isDirectory: isDirectory) }
    }
  }

  /// One part between commas: who, then one or more operations with their permissions.
  private static func parse(_ part: Substring.UTF8View.SubSequence, into clauses: inout [Clause]) -> Bool {
    let shifts: [UInt8: UInt16] = [
      UInt8(ascii: "u"): 4, UInt8(ascii: "g"): 2, UInt8(ascii: "o"): 1, UInt8(ascii: "a"): 7,
    ]
    var rest = part[...]
    var who: UInt16 = 0
    while let byte = rest.first, let bits = shifts[byte] {
      who |= bits
      rest = rest.dropFirst()
    }
    guard !rest.isEmpty else { return false }
    while let operation = rest.first, Array("+-=".utf8).contains(operation) {
      rest = rest.dropFirst()
      var clause = Clause(
        who: who == 0 ? 7 : who, operation: operation, permissions: 0, origin: 0, executeIfAny: false, setID: false,
        sticky: false)
      if let byte = rest.first, byte != UInt8(ascii: "a"), let bit = shifts[byte] {
        clause.origin = bit
        clauses.append(clause)
        rest = rest.dropFirst()
        continue
      }
      scan: while let byte = rest.first {
        switch byte {
        case UInt8(ascii: "r"): clause.permissions |= 4
        case UInt8(ascii: "w"): clause.permissions |= 2
        case UInt8(ascii: "x"): clause.permissions |= 1
        case UInt8(ascii: "X"): clause.executeIfAny = true
        case UInt8(ascii: "s"): clause.setID = true
        case UInt8(ascii: "t"): clause.sticky = true
        default: break scan
        }
        rest = rest.dropFirst()
      }
      clauses.append(clause)
    }
    return rest.isEmpty
  }

  private static func apply(_ clause: Clause, to mode: UInt16, isDirectory: Bool) -> UInt16 {
    var permissions = clause.permissions
    if clause.origin != 0 { permissions = mode >> (3 * UInt16(clause.origin.trailingZeroBitCount)) & 7 }
    if clause.executeIfAny, isDirectory || mode & 0o111 != 0 { permissions |= 1 }
    var bits: UInt16 = 0
    var mask: UInt16 = 0
    for (index, who) in [UInt16(1), 2, 4].enumerated() where clause.who & who != 0 {
      bits |= permissions << (3 * UInt16(index))
      mask |= 7 << (3 * UInt16(index))
    }
    if clause.who & 4 != 0 { mask |= 0o4000 }
    if clause.who & 2 != 0 { mask |= 0o2000 }
    if clause.who & 1 != 0 { mask |= 0o1000 }
    if clause.setID { bits |= mask & 0o6000 }
    if clause.sticky { bits |= mask & 0o1000 }
    switch clause.operation {
    case UInt8(ascii: "+"): return mode | bits
    case UInt8(ascii: "-"): return mode & ~bits
    default: return (mode & ~mask) | bits
    }
  }
}
