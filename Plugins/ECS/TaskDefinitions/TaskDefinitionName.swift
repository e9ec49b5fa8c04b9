/// A task definition as it is referred to: `web`, `web:7`, or the ARN of one.
public struct TaskDefinitionName: Sendable, Hashable, CustomStringConvertible {
  public let family: String
  /// Nil is the newest.
  public let revision: Int?

  public init(_ text: String) {
    let name = text.hasPrefix("arn:") ? text.split(separator: "/").last.map(String.init) ?? text : text
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    family = parts.first ?? name
    revision = parts.count == 2 ? Int(parts[1]) : nil
  }

  public var description: String { revision.map { "\(family):\($0)" } ?? family }

  /// Whether both mean the same revision.
  public static func areSame(_ one: String?, _ other: String?) -> Bool {
    guard let one, let other else { return false }
    return one == other || TaskDefinitionName(one) == TaskDefinitionName(other)
  }

  /// Whether this came before the other one in the same family.
  public func isOlder(than other: TaskDefinitionName) -> Bool {
    guard family == other.family, let revision, let later = other.revision else { return false }
    return revision < later
  }
}
