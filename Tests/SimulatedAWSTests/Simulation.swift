import Foundation
import HostOS
import JSON
import SimulatedAWS
import SystemPackage
import TestSupport
import Testing

/// Other people's clients against the simulation.
enum Simulation {
  /// Serves a scene, with calls and answers compared with botocore's models.
  /// - Throws: what `body` throws.
  static func serve<Result: Sendable>(
    _ scene: Scene, _ body: (SimulatedAWS) async throws -> Result
  ) async throws -> Result {
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models(), body)
  }

  /// Runs a program of `fixtures/aws/simulation`, which prints JSON.
  /// - Throws: `TestSupportError`, `JSONSyntaxError`.
  static func run(
    _ program: String, at server: SimulatedAWS, _ arguments: [String] = [], more: [String: String] = [:]
  ) async throws -> JSONValue {
    let path = Checkout.fixture("aws/simulation/\(program).py").string
    let outcome = try await Tool.run(
      try AWSServer.python().string, [path] + arguments, environment: environment(server).merging(more))
    return try JSONValue(parsing: outcome.outputText)
  }

  /// Runs the AWS CLI.
  /// - Throws: `TestSupportError`.
  static func cli(
    _ arguments: [String], at server: SimulatedAWS, more: [String: String] = [:]
  ) async throws -> ChildProcess.Outcome {
    try await Tool.attempt(
      try AWSServer.python().string, ["-m", "awscli"] + arguments, environment: environment(server).merging(more))
  }

  private static func environment(_ server: SimulatedAWS) -> Environment {
    var variables = server.environment
    variables["PATH"] = Environment.current["PATH"]
    variables["HOME"] = "/nonexistent"
    variables["AWS_DEFAULT_REGION"] = variables["AWS_REGION"]
    variables["AWS_MAX_ATTEMPTS"] = "1"
    return Environment(variables)
  }
}

extension Environment {
  fileprivate func merging(_ more: [String: String]) -> Environment {
    Environment(variables.merging(more) { $1 })
  }
}
