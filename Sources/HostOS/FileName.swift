import Glibc
public import SystemPackage

/// What something is called in its folder, byte for byte as the kernel has it.
///
/// For walks through many files: a `FilePath.Component` is taken apart and checked again whenever it is used.
public struct FileName: Sendable, Hashable, Comparable {
  /// With a NUL at the end.
  private let characters: [CChar]

  private init(_ pointer: UnsafePointer<CChar>) {
    characters = Array(UnsafeBufferPointer(start: pointer, count: strlen(pointer) + 1))
  }

  public var bytes: [UInt8] { characters.dropLast().map(UInt8.init(bitPattern:)) }

  /// For messages; what is not UTF-8 is repaired.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Nil for a name that stands for a folder itself or the one above.
  public var component: FilePath.Component? { withPlatformString { FilePath.Component(platformString: $0) } }

  public func withPlatformString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
    try body(characters)
  }

  /// By their bytes.
  public static func < (left: FileName, right: FileName) -> Bool {
    memcmp(left.characters, right.characters, min(left.characters.count, right.characters.count)) < 0
  }

  /// The names in an open folder, sorted; `.` and `..` are left out.
  /// - Parameter path: of the folder, for messages.
  /// - Throws: `HostError`.
  public static func all(in folder: FileDescriptor, _ path: @autoclosure () -> FilePath) throws -> [FileName] {
    // A descriptor of its own, since closing the stream closes it.
    let copy = openat(folder.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else {
      let errno = Errno.current
      if copy >= 0 { close(copy) }
      throw HostError("list the folder", path(), errno)
    }
    defer { closedir(stream) }
    return try all(in: stream, path())
  }

  static func all(in stream: OpaquePointer, _ path: @autoclosure () -> FilePath) throws -> [FileName] {
    var names: [FileName] = []
    while true {
      Glibc.errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { isSelfOrParent($0) ? nil : FileName($0) }
      }
      if let name { names.append(name) }
    }
    guard Glibc.errno == 0 else { throw HostError("list the folder", path(), .current) }
    return names.sorted()
  }

  private static func isSelfOrParent(_ name: UnsafePointer<CChar>) -> Bool {
    let dot = CChar(UInt8(ascii: "."))
    return name[0] == dot && (name[1] == 0 || (name[1] == dot && name[2] == 0))
  }
}
