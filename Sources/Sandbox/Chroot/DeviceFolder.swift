import CHostOS
import Glibc
import HostOS
import SystemPackage

/// `/dev` of a command where nothing can be mounted.
struct DeviceFolder {
  let path: FilePath

  private static let nodes: [(name: String, major: UInt32, minor: UInt32)] = [
    ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
  ]
  private static let links = [
    ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"), ("core", "/proc/kcore"), ("ptmx", "pts/ptmx"),
  ]

  /// - Returns: false when files stand for the devices, because the host permits none.
  /// - Throws: `HostError`.
  func make() throws -> Bool {
    for folder in [path, path.appending("pts"), path.appending("shm")] {
      try Files.createDirectories(folder)
      try Files.setMode(folder, 0o755)
    }
    try Files.setMode(path.appending("shm"), 0o1777)
    for (name, target) in Self.links {
      let link = path.appending(name)
      guard link.withPlatformString({ symlink(target, $0) }) == 0 else { throw HostError("link", link, .current) }
    }
    for node in Self.nodes where !makeNode(node) {
      try makeFiles()
      return false
    }
    return true
  }

  /// On a file system that is mounted with `nodev` a node can be made but not opened.
  private func makeNode(_ node: (name: String, major: UInt32, minor: UInt32)) -> Bool {
    let file = path.appending(node.name)
    let device = hostos_makedev(node.major, node.minor)
    guard file.withPlatformString({ mknod($0, S_IFCHR | 0o666, dev_t(device)) }) == 0 else { return false }
    guard (try? Files.setMode(file, 0o666)) != nil else { return false }
    if node.name == "tty" { return true }
    let descriptor = file.withPlatformString { open($0, O_RDWR | O_CLOEXEC) }
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
  }

  /// As much of each as short reads want. There is nothing that can stand for a terminal.
  private func makeFiles() throws {
    for node in Self.nodes {
      let file = path.appending(node.name)
      try Files.removeTree(file)
      if node.name == "tty" { continue }
      let content: [UInt8] =
        switch node.name {
        case "null": []
        case "random", "urandom": Self.randomBytes
        default: [UInt8](repeating: 0, count: Self.size)
        }
      try Files.withDescriptor(file, .writeOnly, options: [.create], permissions: [.ownerReadWrite]) {
        _ = try $0.writeAll(content)
      }
      try Files.setMode(file, 0o666)
    }
  }

  private static let size = 64 << 10

  private static var randomBytes: [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<size / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
  }
}
