/// Something that happens by itself once so many calls of an operation were answered.
public struct Moment: Sendable {
  /// Such as `DescribeServices`.
  public var operation: String
  public var count: Int
  public var action: @Sendable (isolated World) throws -> Void

  /// - Parameter action: calls operations with `world.call`, or changes the world; what it throws is a violation.
  public static func after(
    _ operation: String, count: Int = 1, _ action: @escaping @Sendable (isolated World) throws -> Void
  ) -> Moment {
    Moment(operation: operation, count: count, action: action)
  }
}
