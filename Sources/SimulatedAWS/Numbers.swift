import Foundation
import HostOS

/// Names that AWS would make at random; the same ones each time.
struct Numbers: Sendable {
  private var count = 0

  private mutating func bytes() -> String {
    count += 1
    return SHA256Hasher.hex(of: "slipway \(count)".utf8)
  }

  /// As in ARNs of tasks: 32 hexadecimal digits.
  mutating func hex() -> String { String(bytes().prefix(32)) }

  /// As in ids of deployments: 19 digits.
  mutating func digits() -> String {
    let value = UInt64(bytes().prefix(15), radix: 16) ?? 0
    return String(1_000_000_000_000_000_000 + value % 8_000_000_000_000_000_000)
  }

  /// As in names of service deployments: 21 letters, digits and underscores.
  mutating func word() -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
    let text = Array((bytes() + bytes()).utf8)
    let chosen = (0..<21).map { (index: Int) -> Character in
      let sum = Int(text[2 * index]) * 7 + Int(text[2 * index + 1])
      return letters[sum % letters.count]
    }
    return String(chosen)
  }

  mutating func uuid() -> String {
    let text = Array(hex())
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
  }

  /// A token that says where a page begins.
  static func token(for place: Int, _ operation: String) -> String {
    Data("\(operation)/\(place)".utf8).base64EncodedString()
  }

  static func place(of token: String, _ operation: String) -> Int? {
    guard let data = Data(base64Encoded: token) else { return nil }
    let parts = String(decoding: data, as: UTF8.self).split(separator: "/")
    guard parts.count == 2, parts[0] == operation else { return nil }
    return Int(parts[1])
  }
}
