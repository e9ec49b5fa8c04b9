public import SystemPackage

/// The place of a file inside an image: bytes, relative to the image's root, without `.`, `..` and empty components.
///
/// Names are bytes, not text: what is not UTF-8 survives a round trip. The order is that of a walk through the tree:
/// a folder comes directly before all that it holds.
public struct TreePath: Sendable, Hashable {
  /// Components joined by `/`; empty for the root.
  public let bytes: [UInt8]

  /// The root of the image.
  public static let root = TreePath(normalised: [])

  private init(normalised bytes: [UInt8]) { self.bytes = bytes }

  /// Normalises a name as archives and people write it: leading slashes, `.` and doubled slashes go, `..` takes the
  /// component before it away.
  ///
  /// Nil for a name that leaves the root or holds a NUL byte.
  public init?(_ name: some Collection<UInt8>) {
    let normalised = name.withContiguousStorageIfAvailable(Self.normalised) ?? Self.normalised(Array(name))
    guard let normalised else { return nil }
    bytes = normalised
  }

  // The collections are concrete here because callers in other modules do not get generic code made for theirs.
  private static func normalised(_ name: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(name.count)
    for component in name.split(separator: slash) {
      if component.elementsEqual(dot) { continue }
      if component.elementsEqual(dotDot) {
        guard !result.isEmpty else { return nil }
        result.removeSubrange((result.lastIndex(of: slash) ?? 0)...)
        continue
      }
      if component.contains(0) { return nil }
      if !result.isEmpty { result.append(slash) }
      result.append(contentsOf: component)
    }
    return result
  }

  private static func normalised(_ name: [UInt8]) -> [UInt8]? { name.withUnsafeBufferPointer(normalised) }

  /// The same for text, which stands for its UTF-8 bytes.
  public init?(_ name: String) { self.init(Array(name.utf8)) }

  public var isRoot: Bool { bytes.isEmpty }

  /// The names on the way from the root, without copying them.
  public var components: [ArraySlice<UInt8>] { bytes.split(separator: Self.slash) }

  /// The last component; empty for the root.
  public var name: ArraySlice<UInt8> {
    guard let slash = bytes.lastIndex(of: Self.slash) else { return bytes[...] }
    return bytes[(slash + 1)...]
  }

  /// The folder that holds this; nil for the root.
  public var parent: TreePath? {
    if bytes.isEmpty { return nil }
    guard let slash = bytes.lastIndex(of: Self.slash) else { return .root }
    return TreePath(normalised: Array(bytes[..<slash]))
  }

  /// The folders on the way, from the root (included) to the parent; none for the root.
  public var ancestors: [TreePath] {
    if bytes.isEmpty { return [] }
    return [.root]
      + bytes.indices.filter { bytes[$0] == Self.slash }.map { TreePath(normalised: Array(bytes[..<$0])) }
  }

  /// Something in this folder. Nil when `name` is empty, `.` or `..`, or holds a slash or NUL.
  public func appending(name: some Collection<UInt8>) -> TreePath? { appending(name: Array(name)) }

  /// The same for a name that is in memory of its own.
  public func appending(name: [UInt8]) -> TreePath? {
    guard !name.isEmpty, !name.contains(Self.slash), !name.contains(0), name != Self.dot, name != Self.dotDot else {
      return nil
    }
    return TreePath(normalised: bytes.isEmpty ? name : joined(with: name))
  }

  private func joined(with rest: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes.count + 1 + rest.count) { buffer, count in
      let target = UnsafeMutableRawBufferPointer(buffer)
      bytes.withUnsafeBytes { target.copyMemory(from: $0) }
      target[bytes.count] = Self.slash
      let end = UnsafeMutableRawBufferPointer(rebasing: target[(bytes.count + 1)...])
      rest.withUnsafeBytes { end.copyMemory(from: $0) }
      count = target.count
    }
  }

  /// Whether a component begins with `prefix`.
  func hasComponent(startingWith prefix: [UInt8]) -> Bool {
    guard bytes.count >= prefix.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      (0...(bytes.count - prefix.count)).contains { start in
        (start == 0 || bytes[start - 1] == Self.slash)
          && bytes[start] == prefix.first && bytes[start..<(start + prefix.count)].elementsEqual(prefix)
      }
    }
  }

  /// The path `relative` below this folder.
  public func appending(_ relative: TreePath) -> TreePath {
    if relative.isRoot { return self }
    return bytes.isEmpty ? relative : TreePath(normalised: joined(with: relative.bytes))
  }

  /// Whether this is `folder` or lies below it.
  public func hasPrefix(_ folder: TreePath) -> Bool {
    if folder.isRoot { return true }
    guard bytes.starts(with: folder.bytes) else { return false }
    return bytes.count == folder.bytes.count || bytes[folder.bytes.count] == Self.slash
  }

  /// This path as seen from `folder`; nil unless it has that prefix.
  public func removingPrefix(_ folder: TreePath) -> TreePath? {
    guard hasPrefix(folder) else { return nil }
    if folder.isRoot { return self }
    return TreePath(normalised: Array(bytes.dropFirst(folder.bytes.count + 1)))
  }

  /// The same bytes as a relative path of the host, `.` for the root.
  public var filePath: FilePath {
    bytes.isEmpty ? FilePath(".") : Self.filePath(of: bytes)
  }

  /// Calls `body` with the same text as the kernel takes it, relative to a folder.
  public func withPlatformString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
    let text = bytes.isEmpty ? Self.dot : bytes
    let characters = [CChar](unsafeUninitializedCapacity: text.count + 1) { buffer, count in
      text.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      buffer[text.count] = 0
      count = text.count + 1
    }
    return try body(characters)
  }

  static func filePath(of bytes: some Collection<UInt8>) -> FilePath {
    (bytes.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { pointer in
      pointer.baseAddress.map { FilePath(platformString: $0) } ?? FilePath()
    }
  }

  private static let slash = UInt8(ascii: "/")
  private static let dot = [UInt8(ascii: ".")]
  private static let dotDot = [UInt8(ascii: "."), UInt8(ascii: ".")]
}

extension TreePath: Comparable {
  /// Compares component by component, each by its bytes.
  public static func < (left: TreePath, right: TreePath) -> Bool {
    left.bytes.withUnsafeBufferPointer { left in
      right.bytes.withUnsafeBufferPointer { right in
        let common = min(left.count, right.count)
        guard let place = (0..<common).first(where: { left[$0] != right[$0] }) else { return left.count < right.count }
        // A slash sorts before every byte that a name can hold, so that the children of `a` precede `a-b`.
        return (left[place] == slash ? 0 : left[place]) < (right[place] == slash ? 0 : right[place])
      }
    }
  }
}

extension TreePath {
  /// All bytes at once: paths are looked up more often than anything else.
  public func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}

extension TreePath: CustomStringConvertible {
  /// For messages: with a leading slash, and `\xNN` for bytes that are not printable UTF-8.
  public var description: String { "/" + Self.printable(bytes) }

  static func printable(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: Array(bytes), as: UTF8.self), text.unicodeScalars.allSatisfy(isPrintable) {
      return text
    }
    return bytes.map { byte in
      if (0x20..<0x7f).contains(byte), byte != UInt8(ascii: "\\") { return String(UnicodeScalar(byte)) }
      return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: false
    default: true
    }
  }
}
