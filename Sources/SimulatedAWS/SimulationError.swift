/// The simulation itself cannot go on.
public struct SimulationError: Error, Sendable, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }
}
