import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// The plugins of Plugins/examples, and the document of the verbs.
@Suite struct DeployDocumentTests {
  private static let image = "web=r.example/web:1@\(DeployPlace.digest)"

  private func example(_ name: String) -> String {
    Checkout.root.pushing("Plugins/examples").appending(name).string
  }

  @Test(arguments: ["hello.sh", "hello.py"]) func examplesKeepToTheProtocol(name: String) async throws {
    let place = try DeployPlace()
    let outcome = try await place.run(
      "plugin", "check", example(name), "--set", "file=hello.txt", "--image", Self.image, "--format", "json")
    expect(outcome)
    let report = try #require(JSONSerialization.jsonObject(with: Data(outcome.outputText.utf8)) as? [String: Any])
    let checks = report["checks"] as? [[String: String]] ?? []
    #expect(checks.count == 16 && checks.allSatisfy { $0["status"] == "ok" }, "\(outcome.outputText)")
  }

  @Test(arguments: ["hello.sh", "hello.py"]) func examplesDeployAndGoBack(name: String) async throws {
    let place = try DeployPlace()
    let usual = [example(name), "--set", "file=hello.txt"]
    func file() throws -> String {
      String(decoding: try Files.read(place.project.appending("hello.txt")), as: UTF8.self)
    }
    let reference = "r.example/web@\(DeployPlace.digest)"
    let first = try await place.run(["deploy"] + usual + ["--image", Self.image])
    expect(first)
    #expect(first.outputText == "it says: Hello from \(reference)\nfile: hello.txt\n")
    expect(try await place.run(["diff"] + usual + ["--image", Self.image]))
    expect(try await place.run(["deploy"] + usual + ["--image", Self.image, "--set", "greeting=Hi"]))
    #expect(try file() == "Hi from \(reference)")
    expect(try await place.run(["rollback"] + usual + ["--image", Self.image]))
    #expect(try file() == "Hello from \(reference)")
    let status = try await place.run(["status"] + usual + ["--image", Self.image])
    expect(status)
    #expect(status.outputText.hasPrefix("it says: Hello"))
    let nothing = try await place.run("rollback", example(name), "--set", "file=other.txt")
    expect(nothing, endsWith: 2)
    #expect(nothing.errorText.contains("error[nothing-before]") && nothing.errorText.contains("help: deploy first"))
  }

  @Test func badPluginsFailTheCheck() async throws {
    let place = try DeployPlace(script: "plan | apply | status | rollback) exit 0 ;;")
    let outcome = try await place.run("plugin", "check", "t", "--set", "service=web")
    expect(outcome, endsWith: 1)
    #expect(outcome.outputText.contains("FAILED   plan with dryRun has a plan\n"))
    #expect(outcome.outputText.contains("without a result or an error"))
  }

  @Test func pluginsAreListedDescribedAndDocumented() async throws {
    var place = try DeployPlace()
    try place.scratch.write(["slipway-deploy-t": .file("#!/bin/sh\n", mode: 0o755)], in: "late")
    try place.scratch.write(["slipway-deploy-rolling": .file("#!/bin/sh\n", mode: 0o755)], in: "late")
    try place.scratch.write(["slipway-deploy-open": .file("#!/bin/sh\n", mode: 0o755)], in: "late")
    try Files.setMode(place.scratch("late/slipway-deploy-open"), 0o777)
    place.slipway.environment.variables["PATH", default: ""] += ":\(place.scratch("late"))"
    let list = try await place.run("plugin", "list")
    expect(list)
    for line in [
      "t           \(place.plugin)\n", "(shadowed by \(place.plugin))", "rolling     built in\n",
      "(shadowed by the built-in one)", "(refused: others may write to it (mode 0777))",
    ] { #expect(list.outputText.contains(line), "\(line) in \(list.outputText)") }
    let described = try await place.run("plugin", "describe", "t")
    expect(described)
    #expect(described.outputText.contains("\"protocols\": [\n    1\n  ]"))
    let docs = try await place.run("plugin", "docs", "t")
    expect(docs)
    #expect(docs.outputText.contains("| `service` | a text | required |  |"))
    #expect(docs.outputText.contains("| `on-cancel` | `leave`, `stop` |  |  |"))
  }

  /// Built-in plugins speak the protocol on every deployment, and keep to it.
  @Test(arguments: ["rolling", "blue-green", "external"]) func builtInsKeepToTheProtocol(name: String) async throws {
    let place = try DeployPlace()
    let outcome = try await place.run("plugin", "check", name)
    expect(outcome)
    #expect(!outcome.outputText.contains("FAILED"))
    expect(try await place.run("plugin", "docs", name))
  }

  private static let verbs = ["deploy", "plan", "diff", "apply", "status", "wait", "rollback"]

  @Test func flagsOfTheVerbsAreDocumented() async throws {
    let place = try DeployPlace()
    var flags: Set<String> = []
    for verb in Self.verbs {
      let help = try await place.run(verb, "--help")
      #expect(help.status == 0)
      flags.formUnion(Self.flags(in: help.outputText))
    }
    flags.subtract(["--help", "--version", "--resolve", "--quiet", "--source"])
    let page = String(decoding: try Files.read(Checkout.root.pushing("docs/deploy-verbs.md")), as: UTF8.self)
    #expect(flags.count > 12 && flags.subtracting(Self.flags(in: page)).sorted() == [])
    for verb in Self.verbs { #expect(page.contains("`slipway \(verb)")) }
  }

  private static func flags(in text: String) -> Set<String> {
    Set(text.matches(of: #/--[a-z][a-z0-9-]+/#).map { String($0.output) })
  }
}
