import Foundation

/// Environment variables as a value, so that tests can bring their own.
public struct Environment: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  public var variables: [String: String]

  public init(_ variables: [String: String]) { self.variables = variables }

  public init(dictionaryLiteral elements: (String, String)...) {
    variables = Dictionary(elements) { _, last in last }
  }

  /// Of this process.
  public static var current: Environment { Environment(ProcessInfo.processInfo.environment) }

  /// Nil for a variable that is not set.
  public subscript(name: String) -> String? { variables[name] }

  /// Nil for a variable that is not set or empty, as the XDG specification and most settings want it.
  public func nonEmpty(_ name: String) -> String? {
    variables[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}
