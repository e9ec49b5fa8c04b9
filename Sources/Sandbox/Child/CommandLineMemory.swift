import HostOS
import SystemPackage

/// Where the kernel looks for the command line of this process, to show it in `/proc/PID/cmdline`.
struct CommandLineMemory: Sendable {
  var start: UInt = 0
  var size = 0

  static let current = CommandLineMemory()

  private init() {
    // proc(5): arg_start and arg_end are fields 48 and 49 of the line; the third follows the name in parentheses.
    guard let bytes = try? Files.read("/proc/self/stat") else { return }
    let line = String(decoding: bytes, as: UTF8.self)
    guard let nameEnd = line.lastIndex(of: ")") else { return }
    let fields = line[line.index(after: nameEnd)...].split(whereSeparator: \.isWhitespace)
    guard fields.count > 46, let start = UInt(fields[45]), let end = UInt(fields[46]), start > 0, end > start else {
      return
    }
    self.start = start
    size = Int(clamping: end - start)
  }
}
