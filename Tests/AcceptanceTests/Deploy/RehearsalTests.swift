import Foundation
import HostOS
import TestSupport
import Testing

/// `--rehearse`, as people run it: no account, no credentials, no network.
@Suite struct RehearsalTests {
  private static let image =
    "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web@sha256:" + String(repeating: "a", count: 64)

  private static func deploy(_ arguments: [String]) async throws -> ChildProcess.Outcome {
    try await Scratch.use("rehearsal") { scratch in
      let words = ["deploy", "rolling", "--image", "web=\(image)", "--set", "cluster=prod", "--set", "service=web"]
      return try await SlipwayBinary(scratch).run(words + ["--rehearse"] + arguments, in: scratch.path)
    }
  }

  @Test func aDeploymentGoesWell() async throws {
    let outcome = try await Self.deploy([])
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(outcome.outputText.hasPrefix("web:2 runs in web\n"))
    #expect(outcome.errorText.contains("This is a rehearsal"))
    #expect(outcome.errorText.contains("has started 3 tasks"))
  }

  @Test(arguments: [
    ("crash-loop", 5, "connect ECONNREFUSED"), ("out-of-memory", 5, "OutOfMemoryError"),
    ("cannot-pull", 5, "CannotPullContainerError"), ("wrong-platform", 5, "descriptor matching platform"),
    ("secret", 5, "ResourceInitializationError"), ("unhealthy", 5, "502"),
    ("unhealthy-container", 5, "Task failed container health checks"), ("alarm", 5, "web-5xx"),
    ("throttled", 0, "has started 3 tasks"), ("denied", 4, "UpdateService"), ("rollback", 1, "ECONNREFUSED"),
  ])
  func everyFailureIsExplained(_ failure: String, _ status: Int32, _ text: String) async throws {
    let outcome = try await Self.deploy(["--fail", failure])
    #expect(outcome.status == status, "\(outcome.errorText)")
    #expect(outcome.errorText.contains(text), "\(outcome.errorText)")
  }

  @Test(arguments: [("no-capacity", "Capacity is unavailable"), ("stuck", "pending")])
  func onlyTheTimeoutEndsSome(_ failure: String, _ text: String) async throws {
    let outcome = try await Self.deploy(["--fail", failure, "--timeout", "6s"])
    #expect(outcome.status == 1, "\(outcome.errorText)")
    #expect(outcome.errorText.contains(text), "\(outcome.errorText)")
  }

  @Test func aTaskBeforeTheDeploymentDecides() async throws {
    let outcome = try await Self.deploy([
      "--fail", "task", "--set", #"before:={"task": "migrate", "command": "migrate"}"#,
    ])
    #expect(outcome.status == 1, "\(outcome.errorText)")
    #expect(outcome.errorText.contains(#"relation "orders" does not exist"#), "\(outcome.errorText)")
  }

  @Test func mistakesAreTold() async throws {
    let outcome = try await Self.deploy(["--fail", "crash-lop"])
    #expect(outcome.status == 2)
    #expect(outcome.errorText.contains("did you mean --fail crash-loop?"))
  }
}
