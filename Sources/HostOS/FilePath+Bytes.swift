public import SystemPackage

/// Paths are bytes: what is not UTF-8 survives.
extension FilePath {
  /// The path ends before the first zero byte, which no path can hold.
  public init(bytes: some Collection<UInt8>) {
    let characters = bytes.map(CChar.init(bitPattern:)) + [0]
    self = characters.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { FilePath(platformString: $0) } ?? FilePath()
    }
  }

  public var bytes: [UInt8] {
    withPlatformString { pointer in Array(UnsafeRawBufferPointer(start: pointer, count: length)) }
  }
}

extension FilePath.Component {
  public var bytes: [UInt8] {
    withPlatformString { pointer in
      var count = 0
      while pointer[count] != 0 { count += 1 }
      return Array(UnsafeRawBufferPointer(start: pointer, count: count))
    }
  }
}
