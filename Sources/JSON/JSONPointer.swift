/// The way to a value inside of another one (RFC 6901): `/containers/web`.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
  public var tokens: [String]

  /// The whole document.
  public static let root = JSONPointer([])

  public init(_ tokens: [String]) { self.tokens = tokens }

  /// Nil when the text is neither empty nor begins with a slash.
  public init?(_ text: String) {
    if text.isEmpty {
      tokens = []
      return
    }
    guard text.hasPrefix("/") else { return nil }
    tokens = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
      String($0).replacing("~1", with: "/").replacing("~0", with: "~")
    }
  }

  public var description: String {
    tokens.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
  }

  public func appending(_ token: String) -> JSONPointer { JSONPointer(tokens + [token]) }
  public func appending(_ index: Int) -> JSONPointer { appending(String(index)) }
}

extension JSONValue {
  /// The value that a pointer leads to; nil when there is none.
  public subscript(pointer: JSONPointer) -> JSONValue? {
    var value = self
    for token in pointer.tokens {
      guard let next = value[token] ?? Int(token).flatMap({ value[$0] }) else { return nil }
      value = next
    }
    return value
  }
}
