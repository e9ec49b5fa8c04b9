import CHostOS
public import SystemPackage

extension Files {
  /// An open file in memory, at its beginning: input for programs, which need not read it. Whoever gets it closes it.
  /// - Throws: `HostError` when there is no memory for it.
  public static func inMemory(_ bytes: [UInt8], called name: String) throws -> FileDescriptor {
    let result = hostos_memory_file(name)
    guard result >= 0 else { throw HostError("make in memory the file", FilePath(name), Errno(rawValue: -result)) }
    let descriptor = FileDescriptor(rawValue: result)
    do {
      try descriptor.writeAll(bytes)
      try descriptor.seek(offset: 0, from: .start)
    } catch {
      try? descriptor.close()
      throw HostError("make in memory the file", FilePath(name), error as? Errno ?? .ioError)
    }
    return descriptor
  }
}
