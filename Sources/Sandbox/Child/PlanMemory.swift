import CSandbox
import HostOS
import SystemPackage

/// Writes steps in C's words into memory that the launcher shares, where a child works on them: it cannot allocate.
struct PlanMemory {
  private let memory: UnsafeMutableRawBufferPointer
  private var used = 0

  /// - Parameter memory: has only zeros in it, and belongs to this value alone.
  init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

  /// - Throws: `SandboxError` when there is not enough memory.
  consuming func write(
    _ steps: [Step], namespaces: UInt64, _ descriptors: ChildDescriptors
  ) throws(SandboxError) -> UnsafePointer<csandbox_plan> {
    var plan = csandbox_plan()
    var ops: [csandbox_op] = []
    for step in steps { ops.append(try op(of: step)) }
    plan.ops = try copy(ops)
    plan.count = UInt32(ops.count)
    plan.namespaces = namespaces
    plan.input = descriptors.input
    plan.output = descriptors.output
    plan.error_output = descriptors.errorOutput
    plan.status = descriptors.status
    plan.owners = steps.first { $0.kind == CSANDBOX_FORK_OWNERS }.map { Int32($0.number) } ?? -1
    return try copy([plan])
  }

  private mutating func op(of step: Step) throws(SandboxError) -> csandbox_op {
    var op = csandbox_op()
    op.kind = step.kind
    op.flags = UInt32(step.flags)
    op.number = step.number
    op.source = try copy(step.source)
    op.target = try copy(step.target)
    op.data = try copy(step.data)
    op.list = try copy(list: step.list.map(\.bytes))
    op.count = UInt32(step.count ?? step.list.count)
    op.uid = step.uid
    op.gid = step.gid
    op.bytes = UnsafeRawPointer(try copy(step.bytes))
    op.size = step.bytes.count
    op.arguments = try copy(list: step.arguments.map { Array($0.utf8) })
    op.environment = try copy(list: step.environment.map { Array($0.utf8) })
    return op
  }

  private mutating func copy(_ text: String?) throws(SandboxError) -> UnsafePointer<CChar>? {
    guard let text else { return nil }
    return try copy(string: Array(text.utf8))
  }

  private mutating func copy(_ path: FilePath?) throws(SandboxError) -> UnsafePointer<CChar>? {
    guard let path else { return nil }
    return try copy(string: path.bytes)
  }

  /// What is behind it is zero, as C wants it.
  private mutating func copy(string: [UInt8]) throws(SandboxError) -> UnsafePointer<CChar> {
    UnsafeRawPointer(try copy(string + [0])).assumingMemoryBound(to: CChar.self)
  }

  private mutating func copy(list: [[UInt8]]) throws(SandboxError) -> UnsafePointer<UnsafePointer<CChar>?> {
    var pointers: [UnsafePointer<CChar>?] = []
    for string in list { pointers.append(try copy(string: string)) }
    return try copy(pointers + [nil])
  }

  private mutating func copy<Element>(_ elements: [Element]) throws(SandboxError) -> UnsafePointer<Element> {
    let size = elements.count * MemoryLayout<Element>.stride
    guard memory.count - used >= size + 16, let base = memory.baseAddress else {
      throw SandboxError(
        .invalid("the command and the files that are made for it have more than \(memory.count >> 20) MiB"),
        help: ["give it large files as a mount or in a layer"])
    }
    let block = base + used
    used = (used + size + 15) & ~15
    elements.withUnsafeBytes { block.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(block), byteCount: size) }
    return UnsafePointer(block.bindMemory(to: Element.self, capacity: elements.count))
  }
}
