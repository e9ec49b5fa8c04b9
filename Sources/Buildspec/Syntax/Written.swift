public import Diagnostics

/// A value with the place where it is written.
public struct Written<Value: Sendable & Hashable>: Sendable, Hashable {
  public var value: Value
  public var range: SourceRange

  public init(_ value: Value, _ range: SourceRange) {
    self.value = value
    self.range = range
  }

}

public typealias WrittenText = Written<String>
