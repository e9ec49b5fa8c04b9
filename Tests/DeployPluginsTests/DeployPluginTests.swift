import DeployPlugins
import Diagnostics
import Foundation
import Testing

@Suite struct DeployPluginTests {
  private struct Sample: DeployPlugin {
    var description: PluginDescription {
      PluginDescription(
        name: "sample", version: "1", summary: "A sample.", operations: [.describe], credentials: [.aws],
        configSchema: ["type": "object", "additionalProperties": false])
    }
  }

  private func run(_ arguments: [String]) throws -> (ExitCode, PluginMessage) {
    var lines: [String] = []
    let code = Sample().run(arguments) { lines.append($0) }
    let line = try #require(lines.first)
    #expect(lines.count == 1)
    #expect(line.hasSuffix("\n"))
    return (code, try JSONDecoder().decode(PluginMessage.self, from: Data(line.utf8)))
  }

  @Test func describeAnswersWithTheDescription() throws {
    let (code, message) = try run(["describe"])
    #expect(code == .success)
    guard case .result(let value) = message else {
      Issue.record("not a result: \(message)")
      return
    }
    let description = try JSONDecoder().decode(PluginDescription.self, from: JSONEncoder().encode(value))
    #expect(description == Sample().description)
    #expect(description.protocols == [1])
  }

  @Test(arguments: [[], ["launch"], ["plan"], ["describe", "twice"]])
  func whatIsNotOfferedIsAnError(_ arguments: [String]) throws {
    let (code, message) = try run(arguments)
    #expect(code == .failure)
    guard case .error(let failure) = message else {
      Issue.record("not an error: \(message)")
      return
    }
    #expect(failure.code == "unknown-operation")
    #expect(failure.hint == "its operations are describe")
  }
}
