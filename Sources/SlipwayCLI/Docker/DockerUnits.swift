import Foundation
import HostOS

/// Sizes and ages as docker writes them (docker/go-units).
enum DockerUnits {
  /// Three digits that count, in units of 1000.
  static func size(_ bytes: Int64) -> String {
    var (value, units) = (Double(bytes), ["B", "kB", "MB", "GB", "TB", "PB"][...])
    while value >= 1000, units.count > 1 {
      value /= 1000
      units = units.dropFirst()
    }
    let digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
    var text = String(format: "%.\(digits)f", value)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text + (units.first ?? "B")
  }

  /// `5 minutes`, as HumanDuration has it.
  static func duration(seconds: Int64) -> String {
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600)
    switch seconds {
    case ..<1: return "Less than a second"
    case 1: return "1 second"
    case ..<60: return "\(seconds) seconds"
    default: break
    }
    if minutes == 1 { return "About a minute" }
    if minutes < 60 { return "\(minutes) minutes" }
    if hours == 1 { return "About an hour" }
    if hours < 48 { return "\(hours) hours" }
    if hours < 24 * 7 * 2 { return "\(hours / 24) days" }
    if hours < 24 * 30 * 2 { return "\(hours / 24 / 7) weeks" }
    if hours < 24 * 365 * 2 { return "\(hours / 24 / 30) months" }
    return "\(hours / 24 / 365) years"
  }

  /// - Parameter time: RFC 3339; nil is not known.
  static func since(_ time: String?) -> String {
    guard let time, let created = seconds(time) else { return "N/A" }
    return duration(seconds: Timestamp.now.seconds - created) + " ago"
  }

  /// `2023-11-14 22:13:20 +0000 UTC`.
  static func date(_ time: String?) -> String {
    guard let time = time.flatMap({ Timestamp(rfc3339: $0) })?.rfc3339 else { return "N/A" }
    return "\(time.prefix(10)) \(time.dropFirst(11).prefix(8)) +0000 UTC"
  }

  static func seconds(_ time: String) -> Int64? { Timestamp(rfc3339: time)?.seconds }
}
