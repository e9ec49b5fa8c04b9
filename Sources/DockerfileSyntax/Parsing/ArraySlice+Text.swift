/// Bytes that have a meaning in Dockerfiles.
enum ASCII {
  static let tab = UInt8(ascii: "\t")
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let numberSign = UInt8(ascii: "#")
  static let dollar = UInt8(ascii: "$")
  static let doubleQuote = UInt8(ascii: "\"")
  static let singleQuote = UInt8(ascii: "'")
  static let backslash = UInt8(ascii: "\\")
  static let equals = UInt8(ascii: "=")
  static let hyphen = UInt8(ascii: "-")
  static let slash = UInt8(ascii: "/")
  static let less = UInt8(ascii: "<")

  /// What separates words: tab, vertical tab, form feed, carriage return, space.
  static func isBlank(_ byte: UInt8) -> Bool {
    byte == space || (byte >= tab && byte <= carriageReturn && byte != lineFeed)
  }

  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension ArraySlice<UInt8> {
  /// The number of bytes of the white space (as Unicode sees it) at `index`; 0 when something else stands there.
  func spaceLength(at index: Int) -> Int {
    guard index < endIndex else { return 0 }
    let byte = self[index]
    if byte < 0x80 { return byte == ASCII.space || (0x09...0x0D).contains(byte) ? 1 : 0 }
    guard byte == 0xC2 || (0xE1...0xE3).contains(byte) else { return 0 }
    let (scalar, length) = decodeScalar(at: index)
    return scalar.map(Self.isSpace) == true ? length : 0
  }

  /// The number of bytes of the white space that ends before `index`.
  func spaceLength(before index: Int) -> Int {
    for length in 1...3 where index - length >= startIndex {
      let start = index - length
      if self[start] & 0xC0 == 0x80 { continue }
      return spaceLength(at: start) == length ? length : 0
    }
    return 0
  }

  /// The scalar at `index` and its length; nil and 1 where the bytes are not UTF-8.
  func decodeScalar(at index: Int) -> (Unicode.Scalar?, length: Int) {
    let byte = self[index]
    if byte < 0x80 { return (Unicode.Scalar(byte), 1) }
    let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
    guard byte >= 0xC2, byte <= 0xF4, index + length <= endIndex else { return (nil, 1) }
    var value = UInt32(byte) & (0x7F >> UInt32(length))
    for next in self[(index + 1)..<(index + length)] {
      guard next & 0xC0 == 0x80 else { return (nil, 1) }
      value = value << 6 | UInt32(next & 0x3F)
    }
    let shortest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
    guard value >= shortest, let scalar = Unicode.Scalar(value) else { return (nil, 1) }
    return (scalar, length)
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }
}
