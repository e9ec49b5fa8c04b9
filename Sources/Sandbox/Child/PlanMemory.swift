import CSandbox
import HostOS
import SystemPackage

/// Steps in C's words, in memory that stays where it is: the child works on a copy of it and cannot allocate.
final class PlanMemory {
  private var blocks: [UnsafeMutableRawPointer] = []
  private let ops: UnsafeMutableBufferPointer<csandbox_op>

  init(_ steps: [Step]) {
    ops = .allocate(capacity: steps.count)
    for (index, step) in steps.enumerated() { ops.initializeElement(at: index, to: op(of: step)) }
  }

  deinit {
    for block in blocks { block.deallocate() }
    ops.deallocate()
  }

  /// The pointers in the plan are valid as long as this object is.
  func plan(namespaces: UInt64) -> csandbox_plan {
    var plan = csandbox_plan()
    plan.ops = UnsafePointer(ops.baseAddress)
    plan.count = UInt32(ops.count)
    plan.namespaces = namespaces
    let commandLine = CommandLineMemory.current
    plan.command_line = commandLine.start
    plan.command_line_size = commandLine.size
    return plan
  }

  private func op(of step: Step) -> csandbox_op {
    var op = csandbox_op()
    op.kind = step.kind
    op.flags = UInt32(step.flags)
    op.number = step.number
    op.source = step.source.map(copy)
    op.target = step.target.map(copy)
    op.data = step.data.map(copy)
    op.list = copy(list: step.list.map(copy))
    op.count = UInt32(step.count ?? step.list.count)
    op.uid = step.uid
    op.gid = step.gid
    op.bytes = UnsafeRawPointer(copy(step.bytes))
    op.size = step.bytes.count
    op.arguments = copy(list: step.arguments.map(copy))
    op.environment = copy(list: step.environment.map(copy))
    return op
  }

  private func copy(_ bytes: [UInt8]) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
    block.copyMemory(from: bytes, byteCount: bytes.count)
    blocks.append(block)
    return block
  }

  private func copy(_ text: String) -> UnsafePointer<CChar> {
    UnsafePointer(copy(Array(text.utf8) + [0]).assumingMemoryBound(to: CChar.self))
  }

  private func copy(_ path: FilePath) -> UnsafePointer<CChar> {
    let bytes = path.bytes + [0]
    return UnsafePointer(copy(bytes).assumingMemoryBound(to: CChar.self))
  }

  private func copy(list: [UnsafePointer<CChar>]) -> UnsafePointer<UnsafePointer<CChar>?> {
    let pointers = list.map(Optional.some) + [nil]
    let bytes = pointers.withUnsafeBytes { Array($0) }
    return UnsafePointer(copy(bytes).assumingMemoryBound(to: UnsafePointer<CChar>?.self))
  }
}
