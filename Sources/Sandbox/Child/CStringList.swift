/// A null-terminated list of C strings, as execve(2) takes them, in memory that stays where it is.
final class CStringList {
  private let strings: [UnsafeMutablePointer<CChar>]
  private let list: UnsafeMutablePointer<UnsafePointer<CChar>?>

  /// Valid as long as this object is.
  var pointer: UnsafePointer<UnsafePointer<CChar>?> { UnsafePointer(list) }

  /// - Parameter strings: without the null byte at the end.
  init(_ strings: [[UInt8]]) {
    self.strings = strings.map { bytes in
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
      for (index, byte) in bytes.enumerated() { copy.advanced(by: index).initialize(to: CChar(bitPattern: byte)) }
      copy.advanced(by: bytes.count).initialize(to: 0)
      return copy
    }
    list = .allocate(capacity: strings.count + 1)
    for (index, string) in self.strings.enumerated() { list.advanced(by: index).initialize(to: UnsafePointer(string)) }
    list.advanced(by: strings.count).initialize(to: nil)
  }

  deinit {
    for string in strings { string.deallocate() }
    list.deallocate()
  }
}
