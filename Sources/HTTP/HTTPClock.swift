import Foundation

/// Time and chance as the client sees them, so that tests wait for nothing.
public struct HTTPClock: Sendable {
  /// Seconds since 1970.
  public var now: @Sendable () -> Double
  public var sleep: @Sendable (Duration) async throws -> Void
  /// A number from 0 up to 1.
  public var random: @Sendable () -> Double

  public init(
    now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Duration) async throws -> Void,
    random: @escaping @Sendable () -> Double
  ) {
    self.now = now
    self.sleep = sleep
    self.random = random
  }

  /// That of this machine.
  public static let system = HTTPClock(
    now: { Date().timeIntervalSince1970 },
    sleep: { try await Task.sleep(for: $0) },
    random: { Double.random(in: 0..<1) })
}
