import DeployPlugins
import Diagnostics
import HostOS
import JSON
import SystemPackage
import TestSupport
import Testing

/// docs/plugins.md says what is so.
@Suite struct PluginDocumentTests {
  private let page: String

  init() throws { page = String(decoding: try Files.read(Checkout.root.pushing("docs/plugins.md")), as: UTF8.self) }

  private func samples(_ language: String) -> [String] {
    page.matches(of: #/(?m)^```(\w+)\n((?s).*?)^```$/#).filter { $0.output.1 == language }.map { String($0.output.2) }
  }

  @Test func documentsArePartsOfTheProtocol() throws {
    let documents = samples("json")
    #expect(documents.count == 2)
    let described = try PluginMessage(json: JSONValue(parsing: documents[0]))
    guard case .result(let value) = described else {
      Issue.record("no result: \(described)")
      return
    }
    let description = try value.decode(PluginDescription.self)
    #expect(JSONSchema(description.configSchema).problems == [])
    let json = try JSONValue(parsing: documents[1])
    let request = try PluginRequest(json: json)
    #expect(request.operation == .apply && request.plan.flatMap(DeploymentPlan.init(json:)) != nil)
    #expect(JSONSchema(description.configSchema).issues(in: request.config) == [])
    // Every member of the sample is one that the host writes.
    #expect(request.json == json)
  }

  @Test func linesAreMessages() throws {
    let lines = samples("jsonl").flatMap { $0.split(separator: "\n") }
    #expect(lines.count == 7)
    var kinds: Set<String> = []
    for line in lines {
      let json = try JSONValue(parsing: String(line))
      let message = try PluginMessage(json: json)
      kinds.insert(json["type"]?.string ?? "")
      guard case .result(let value) = message else {
        #expect(try message.json == json, "\(line)")
        continue
      }
      let isPlan = DeploymentPlan(json: value)?.json == value
      let isReport = DeploymentReport(json: value)?.json == value
      #expect(isPlan || isReport, "\(line)")
    }
    #expect(kinds == ["progress", "log", "diagnostic", "result", "error"])
  }

  @Test func theShellPluginIsShownWhole() throws {
    let script = try Files.read(Checkout.root.pushing("Plugins/examples/hello.sh"))
    #expect(samples("sh") == [String(decoding: script, as: UTF8.self)])
  }

  @Test func everyStateAndCategoryIsNamed() {
    for state in DeploymentState.allCases { #expect(page.contains("`\(state.rawValue)`")) }
    for operation in PluginOperation.allCases { #expect(page.contains("| `\(operation.rawValue)` |")) }
    for category in ["failed", "config", "authentication", "unavailable", "cancelled"] {
      #expect(page.contains("| `\(category)`"))
    }
  }
}
