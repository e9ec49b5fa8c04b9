/// What `slipway scan` is asked for.
public struct ScanRequest: Sendable {
  /// The image's name.
  public var name: String
  /// Wait until the scan has ended.
  public var waits = false
  /// The severity at which findings are too many; nil lets everything pass.
  public var failOn: String?
  /// How long to wait, in seconds.
  public var timeout = 900

  public init(name: String) { self.name = name }
}

/// How bad a finding is, as Amazon ECR has it.
public enum ScanSeverity: String, Sendable, CaseIterable, Comparable, Encodable {
  case undefined = "UNDEFINED"
  case untriaged = "UNTRIAGED"
  case informational = "INFORMATIONAL"
  case low = "LOW"
  case medium = "MEDIUM"
  case high = "HIGH"
  case critical = "CRITICAL"

  /// One that is not known is taken for one that nobody has looked at.
  init(reported: String?) { self = reported.flatMap { Self(rawValue: $0.uppercased()) } ?? .untriaged }

  public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  public var name: String { rawValue.lowercased() }
}
