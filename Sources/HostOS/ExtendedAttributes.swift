import CHostOS
public import SystemPackage

/// Extended attributes (xattr(7)) of files, without following symbolic links.
public enum ExtendedAttributes {
  /// Names and values, sorted by name. A file system without extended attributes has none.
  /// - Throws: `HostError`.
  public static func all(of path: FilePath) throws -> [(name: String, value: [UInt8])] {
    try names(of: path).sorted().compactMap { name in
      guard let value = try self.value(of: name, at: path) else { return nil }
      return (name, value)
    }
  }

  /// - Throws: `HostError`.
  public static func names(of path: FilePath) throws -> [String] {
    var buffer = [CChar](repeating: 0, count: 1024)
    while true {
      let length = path.withPlatformString { llistxattr($0, &buffer, buffer.count) }
      if length >= 0 {
        return buffer[..<length].split(separator: 0).map {
          String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
      }
      switch Errno.current {
      case .outOfRange where buffer.count < 1 << 20: buffer = [CChar](repeating: 0, count: buffer.count * 4)
      case .notSupported, .noSuchFileOrDirectory: return []
      case let errno: throw HostError("list the extended attributes of", path, errno)
      }
    }
  }

  /// Nil where the file has no such attribute.
  /// - Throws: `HostError`.
  public static func value(of name: String, at path: FilePath) throws -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 256)
    while true {
      let length = path.withPlatformString { lgetxattr($0, name, &buffer, buffer.count) }
      if length >= 0 { return Array(buffer[..<length]) }
      switch Errno.current {
      case .outOfRange where buffer.count < 1 << 20: buffer = [UInt8](repeating: 0, count: buffer.count * 4)
      case .noData, .notSupported, .noSuchFileOrDirectory: return nil
      case let errno: throw HostError("read the extended attribute \(name) of", path, errno)
      }
    }
  }

  /// - Throws: `HostError`.
  public static func set(_ name: String, to value: [UInt8], at path: FilePath) throws {
    let result = path.withPlatformString { lsetxattr($0, name, value, value.count, 0) }
    guard result == 0 else { throw HostError("set the extended attribute \(name) of", path, .current) }
  }
}
