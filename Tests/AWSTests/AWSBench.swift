import Foundation
import HTTP
import HostOS
import Synchronization
import SystemPackage
import TestSupport

@testable import AWS

/// A home, a clock that stands still until somebody sleeps, and the network.
final class AWSBench: Sendable {
  let scratch: Scratch
  private let state: Mutex<(now: Double, slept: [Duration], trace: [String])>

  /// - Parameter now: seconds since 1970.
  init(now: Double = 1_440_938_160) throws {
    scratch = try Scratch("aws-bench")
    state = Mutex((now, [], []))
  }

  /// By the clock of this machine, which the gate before moto wants.
  static func atRealTime() throws -> AWSBench { try AWSBench(now: Date().timeIntervalSince1970) }

  var slept: [Duration] { state.withLock { $0.slept } }
  var trace: [String] { state.withLock { $0.trace } }
  func advance(seconds: Double) { state.withLock { $0.now += seconds } }

  var clock: HTTPClock {
    HTTPClock(
      now: { self.state.withLock { $0.now } },
      sleep: { duration in
        self.state.withLock { state in
          state.slept.append(duration)
          state.now += Double(duration.components.seconds)
        }
      }, random: { 0 })
  }

  /// - Parameter transport: nil is the network.
  func http(_ transport: HTTPTransport? = nil) -> HTTPClient {
    let trace = HTTPTrace { event in
      self.state.withLock { state in
        if case .request(_, _, let headers) = event { state.trace += headers }
        if case .response(_, _, let headers) = event { state.trace += headers }
        state.trace.append("\(event)")
      }
    }
    return HTTPClient(transport: transport ?? .live(), userAgent: "slipway/test", clock: clock, trace: trace)
  }

  /// An environment with this home, where no metadata service is asked unless the variables say so.
  func environment(_ variables: [String: String] = [:]) -> Environment {
    let usual = ["HOME": scratch.path.string, "AWS_EC2_METADATA_DISABLED": "true", "PATH": "/usr/bin:/bin"]
    return Environment(usual.merging(variables) { $1 })
  }

  func settings(_ variables: [String: String] = [:]) throws -> AWSSettings {
    try AWSSettings(environment(variables))
  }

  func client(_ variables: [String: String] = [:], _ transport: HTTPTransport? = nil) throws -> AWSClient {
    try AWSClient(http: http(transport), environment: environment(variables))
  }

  /// Writes `~/.aws/config` and `~/.aws/credentials`.
  func write(config: String = "", credentials: String = "") throws {
    try scratch.write([".aws/config": .file(config), ".aws/credentials": .file(credentials)])
  }
}

/// The error that a body throws, or nil.
func awsError(_ body: () async throws -> Void) async -> AWSError? {
  do { try await body() } catch { return error as? AWSError }
  return nil
}

extension AWSError {
  /// All that is said, in one text.
  var said: String { "\(self)" }
}
