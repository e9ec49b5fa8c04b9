/// Works a filter of system calls as the kernel does, for the instructions that such programs have.
struct FilterMachine {
  enum Failure: Error { case badInstruction(UInt16), endOfProgram }

  private struct Instruction {
    var code: UInt16
    var whenTrue: UInt8
    var whenFalse: UInt8
    var value: UInt32
  }
  private let instructions: [Instruction]

  init(_ program: [UInt8]) {
    instructions = stride(from: 0, to: program.count, by: 8).map { start in
      program[start..<start + 8].withUnsafeBytes { bytes in
        Instruction(
          code: bytes.loadUnaligned(as: UInt16.self), whenTrue: bytes[2], whenFalse: bytes[3],
          value: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
      }
    }
  }

  var count: Int { instructions.count }

  /// Nil is a permission; otherwise the errno.
  func errno(of number: UInt32, on architecture: UInt32, _ arguments: [UInt64] = []) throws -> Int32? {
    let answer = try self.answer(number, architecture, arguments)
    if answer == 0x7FFF_0000 { return nil }
    return answer >> 16 == 0x0005 ? Int32(answer & 0xFFFF) : -1
  }

  private func answer(_ number: UInt32, _ architecture: UInt32, _ arguments: [UInt64]) throws -> UInt32 {
    var words = [number, architecture, 0, 0]
    for index in 0..<6 {
      let value = arguments.count > index ? arguments[index] : 0
      words += [UInt32(truncatingIfNeeded: value), UInt32(value >> 32)]
    }
    var accumulator: UInt32 = 0
    var position = 0
    while position < instructions.count {
      let instruction = instructions[position]
      position += 1
      switch instruction.code {
      case 0x20: accumulator = words[Int(instruction.value) / 4]
      case 0x54: accumulator &= instruction.value
      case 0x06: return instruction.value
      case 0x05: position += Int(instruction.value)
      case 0x15, 0x25, 0x35, 0x45:
        let holds =
          switch instruction.code {
          case 0x15: accumulator == instruction.value
          case 0x25: accumulator > instruction.value
          case 0x35: accumulator >= instruction.value
          default: accumulator & instruction.value != 0
          }
        position += Int(holds ? instruction.whenTrue : instruction.whenFalse)
      default: throw Failure.badInstruction(instruction.code)
      }
    }
    throw Failure.endOfProgram
  }
}
