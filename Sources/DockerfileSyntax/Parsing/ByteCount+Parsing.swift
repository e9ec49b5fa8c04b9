extension ByteCount: MountOptionValue {
  /// A number with an optional binary unit: `512`, `64m`, `1.5GiB`, `10 kB`; units are powers of 1024, as in Docker's
  /// `--memory`.
  public init?(optionText: String) {
    let digits = optionText.utf8.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    guard let number = Double(String(Substring(digits))), number >= 0 else { return nil }
    var unit = optionText.dropFirst(digits.count).lowercased()[...]
    if unit.first == " " { unit.removeFirst() }
    guard let factor = Self.factor(of: String(unit)) else { return nil }
    let bytes = number * factor
    guard bytes < 9.2e18 else { return nil }
    self.init(rawValue: Int64(bytes))
  }

  private static func factor(of unit: String) -> Double? {
    if unit.isEmpty || unit == "b" { return 1 }
    let prefixes: [Character] = ["k", "m", "g", "t", "p"]
    guard let first = unit.first, let power = prefixes.firstIndex(of: first),
      ["", "b", "ib"].contains(String(unit.dropFirst()))
    else { return nil }
    return (0...power).reduce(1) { factor, _ in factor * 1024 }
  }

  public static var optionDescription: String { "a number of bytes such as 67108864, 64m or 1g" }
}
