import HostOS
import SystemPackage

/// The user namespace that this process is in.
public enum UserNamespace: Sendable, Hashable {
  /// That of the machine, where every id stands for itself.
  case initial
  /// Id 0 is the caller, further ids are mapped to subordinate ones.
  case ranges
  /// Id 0 is the caller, and there is no other id.
  case singleID

  /// Of this process, by `/proc/self/uid_map`.
  public static let current: UserNamespace = {
    guard let bytes = try? Files.read("/proc/self/uid_map") else { return .initial }
    return UserNamespace(map: String(decoding: bytes, as: UTF8.self))
  }()

  /// - Parameter map: lines of first id inside, first id outside, count (user_namespaces(7)).
  init(map: String) {
    let counts = map.split(separator: "\n").compactMap { line in
      line.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0) }
    }
    let sum = counts.reduce(UInt64(0)) { $0.addingReportingOverflow($1).partialValue }
    switch sum {
    case UInt64(UInt32.max): self = .initial
    case 2...: self = .ranges
    default: self = .singleID
    }
  }
}
