import DeployPlugins
import Diagnostics
import HostOS
import JSON
import Synchronization
import Testing

@Suite struct DeployPluginTests {
  /// Offers what its operations say; its plan has numbers that no coder keeps.
  private struct Sample: DeployPlugin {
    var operations: [PluginOperation] = [.describe, .plan, .apply]
    static let exact = try? JSONValue(parsing: #"{"z":1.0,"a":12345678901234567890}"#)

    var description: PluginDescription {
      PluginDescription(
        name: "sample", version: "1", summary: "A sample.", operations: operations, credentials: [.aws],
        configSchema: ["type": "object", "additionalProperties": false])
    }

    func plan(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentPlan {
      context.progress("look", "at \(request.images["web"]?.reference ?? "nothing")", state: .done)
      context.warn("careful", "this is a sample")
      return DeploymentPlan(
        summary: "something", changes: [PlannedChange("update", "service web", before: 1, after: 2)],
        state: Self.exact ?? .null)
    }

    func apply(
      _ plan: DeploymentPlan, _ request: PluginRequest, _ context: PluginContext
    ) async throws -> DeploymentReport {
      if request.isDryRun { throw CancellationError() }
      return DeploymentReport(.succeeded, summary: "done", outputs: plan.state)
    }
  }

  private func run(
    _ arguments: [String], request: JSONValue = .null, operations: [PluginOperation] = [.describe, .plan, .apply]
  ) async throws -> (ExitCode, [PluginMessage]) {
    let lines = Mutex<[String]>([])
    let code = await Sample(operations: operations).run(
      arguments, input: { Array(request.text.utf8) }, environment: [:]
    ) { line in
      lines.withLock { $0.append(line) }
    }
    return (
      code,
      try lines.withLock { $0 }.map { line in
        #expect(line.hasSuffix("\n"))
        return try PluginMessage(json: JSONValue(parsing: line))
      }
    )
  }

  @Test func describeAnswersWithTheDescription() async throws {
    let (code, messages) = try await run(["describe"])
    #expect(code == .success)
    #expect(messages.count == 1)
    guard case .result(let value)? = messages.last else {
      Issue.record("not a result: \(messages)")
      return
    }
    #expect(try value.decode(PluginDescription.self) == Sample().description)
    #expect(value["protocols"] == [1])
  }

  @Test(arguments: [[], ["launch"], ["status"], ["describe", "twice"]])
  func whatIsNotOfferedIsAnError(_ arguments: [String]) async throws {
    let (code, messages) = try await run(arguments)
    #expect(code == .failure)
    guard case .error(let failure)? = messages.last, messages.count == 1 else {
      Issue.record("not an error: \(messages)")
      return
    }
    #expect(failure.code == "unknown-operation")
    #expect(failure.hint == "its operations are describe, plan, apply")
  }

  @Test func aPlanIsAppliedAsItWasMade() async throws {
    let request = PluginRequest(
      .plan, id: "1", images: ["web": PluginImage(reference: "r/web@sha256:0", digest: "sha256:0")])
    let (code, messages) = try await run(["plan"], request: request.json)
    #expect(code == .success)
    #expect(messages.count == 3)
    #expect(messages[0] == .progress(PluginProgress("look", message: "at r/web@sha256:0", state: .done)))
    guard case .result(let plan)? = messages.last else {
      Issue.record("not a result: \(messages)")
      return
    }
    #expect(plan["state"]?.text == Sample.exact?.text)
    var apply = PluginRequest(.apply, id: "1")
    apply.plan = plan
    let (_, answers) = try await run(["apply"], request: apply.json)
    guard case .result(let report)? = answers.last else {
      Issue.record("not a result: \(answers)")
      return
    }
    #expect(report["outputs"]?.text == Sample.exact?.text)
    #expect(DeploymentReport(json: report)?.state == .succeeded)
  }

  @Test(
    arguments: [
      .null, ["protocol": 2, "operation": "plan"], ["protocol": 1], ["protocol": 1, "operation": "fly"],
      ["protocol": 1, "operation": "plan", "images": ["web": [:]]],
      ["protocol": 1, "operation": "plan", "deadline": "soon"],
    ] as [JSONValue])
  func requestsThatAreNoneAreRefused(_ request: JSONValue) async throws {
    let (code, messages) = try await run(["plan"], request: request)
    #expect(code == .failure)
    guard case .error(let failure)? = messages.last else {
      Issue.record("not an error: \(messages)")
      return
    }
    #expect(failure.code == "invalid-request")
  }

  @Test func cancellationIsAFailureOfItsOwn() async throws {
    var request = PluginRequest(.apply, id: "1", isDryRun: true)
    request.plan = DeploymentPlan(summary: "").json
    let (code, messages) = try await run(["apply"], request: request.json)
    #expect(code == .failure)
    guard case .error(let failure)? = messages.last else {
      Issue.record("not an error: \(messages)")
      return
    }
    #expect(failure.category == .cancelled)
  }

  @Test func requestsGoBothWays() throws {
    let request = PluginRequest(
      .status, id: "7", project: "shop",
      images: [
        "web": PluginImage(reference: "r/web@sha256:0", digest: "sha256:0", tag: "1", platforms: ["linux/arm64"])
      ],
      config: ["a": [1, 2]], region: "eu-central-1", isDryRun: true, deadline: 1_800_000_000, plan: ["x": 1],
      waits: true)
    #expect(try PluginRequest(json: JSONValue(parsing: request.json.text)) == request)
  }
}
