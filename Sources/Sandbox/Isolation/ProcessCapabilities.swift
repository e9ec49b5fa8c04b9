import HostOS
import SystemPackage

/// The capabilities of this process.
enum ProcessCapabilities {
  /// By `/proc/self/status`; none when it cannot be read. They stay as they were at the start.
  static let effective: Capabilities = {
    guard let bytes = try? Files.read("/proc/self/status") else { return [] }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("CapEff:") {
      return Capabilities(rawValue: line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0)
    }
    return []
  }()
}
