/// A program by which the kernel decides on system calls: `struct sock_filter` of seccomp(2).
///
/// It is made from its end: instructions jump forward alone, so whatever one leads to is there already. Conditional
/// ones jump over 255 others at most; where more lie between, one that jumps further is put in.
struct FilterProgram {
  enum Comparison: UInt16 {
    case equal = 0x15
    case atLeast = 0x35
  }

  /// An instruction, by the number of those from it to the end.
  struct Label: Hashable {
    fileprivate var place: Int
  }

  private struct Instruction {
    var code: UInt16
    var skippedWhenTrue: UInt8 = 0
    var skippedWhenFalse: UInt8 = 0
    var value: UInt32
  }

  /// The last one first.
  private var reversed: [Instruction] = []
  private var answers: [UInt32: Label] = [:]
  /// With room for what may come between.
  private static let farthest = 250

  /// Ends with what the kernel shall do (SECCOMP_RET_*).
  mutating func answer(_ value: UInt32) -> Label {
    if let known = answers[value], distance(to: known) <= Self.farthest { return known }
    let label = place(Instruction(code: 0x06, value: value))
    answers[value] = label
    return label
  }

  /// Reads a word of what the kernel tells of a call, at a place in bytes, and goes on.
  mutating func load(_ offset: UInt32, then next: Label) -> Label {
    if distance(to: next) > 0 { _ = jump(to: next) }
    return place(Instruction(code: 0x20, value: offset))
  }

  mutating func branch(_ comparison: Comparison, _ value: UInt32, then: Label, otherwise: Label) -> Label {
    let (then, otherwise) = (near(then), near(otherwise))
    return place(
      Instruction(
        code: comparison.rawValue, skippedWhenTrue: UInt8(distance(to: then)),
        skippedWhenFalse: UInt8(distance(to: otherwise)), value: value))
  }

  /// Whether the bits of a mask in a word are those of a value.
  mutating func compare(_ offset: UInt32, mask: UInt32, _ value: UInt32, then: Label, otherwise: Label) -> Label {
    var label = branch(.equal, value, then: then, otherwise: otherwise)
    if mask != .max { label = place(Instruction(code: 0x54, value: mask)) }
    return load(offset, then: label)
  }

  private func distance(to label: Label) -> Int { reversed.count - label.place }

  private mutating func near(_ label: Label) -> Label { distance(to: label) <= Self.farthest ? label : jump(to: label) }

  private mutating func jump(to label: Label) -> Label {
    place(Instruction(code: 0x05, value: UInt32(distance(to: label))))
  }

  private mutating func place(_ instruction: Instruction) -> Label {
    reversed.append(instruction)
    return Label(place: reversed.count)
  }

  var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(reversed.count * 8)
    for instruction in reversed.reversed() {
      withUnsafeBytes(of: instruction.code) { result += $0 }
      result += [instruction.skippedWhenTrue, instruction.skippedWhenFalse]
      withUnsafeBytes(of: instruction.value) { result += $0 }
    }
    return result
  }
}
