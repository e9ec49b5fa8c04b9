/// Amazon ECS and what it works with, on this machine.
public struct SimulatedAWS: Sendable {
  public init() {}
}
