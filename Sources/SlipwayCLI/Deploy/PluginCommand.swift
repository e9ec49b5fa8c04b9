import ArgumentParser
import DeployPlugins
import Diagnostics
import HostOS
import JSON
import Slipway
import SystemPackage

struct PluginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "Look at deploy plugins.",
    subcommands: [List.self, Describe.self, Docs.self, Check.self])

  /// What all of them take.
  struct Options: ParsableArguments {
    @Option(help: "How the answer is written: text or json.")
    var format: DeployOutputOptions.Format = .text

    func deployer() throws -> Deployer {
      let progress = ProgressReporter(PlainProgress(renderer: Terminal.renderer, write: Terminal.tell))
      return try Deployer(try Workbench(environment: .current, progress: progress), source: ".")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the plugins there are, and those that do not count, with the reason.")

    @OptionGroup var options: Options

    func run() async throws {
      let entries = try options.deployer().search.entries()
      if options.format == .json { return try Terminal.answer(JSONValue.array(entries.map(\.json)).prettyText) }
      let width = entries.map(\.plugin.name.count).max() ?? 0
      for entry in entries {
        let name = entry.plugin.name + String(repeating: " ", count: width - entry.plugin.name.count)
        try Terminal.answer("\(name)  \(entry.plugin.isBuiltIn ? "built in" : entry.plugin.path.string)\(entry.words)")
      }
    }
  }

  struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "describe", abstract: "Show what a plugin says of itself, as JSON.")

    @Argument(help: "The plugin's name, or a path with a slash.")
    var name: String

    func run() async throws {
      let description = try await PluginLookup(name, Options.parse([]).deployer()).description()
      try Terminal.answer(try JSONValue(encoding: description).prettyText)
    }
  }

  struct Docs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "docs", abstract: "Write a plugin's reference, as Markdown.")

    @Argument(help: "The plugin's name, or a path with a slash.")
    var name: String

    func run() async throws {
      let description = try await PluginLookup(name, Options.parse([]).deployer()).description()
      try Terminal.answer(PluginReference(description).text)
    }
  }

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Try whether a plugin keeps to deploy protocol 1.",
      discussion: """
        The plugin is run with right and wrong requests. Without a configuration only what changes nothing is tried; \
        with one, plan and apply are, too, apply twice: use a place for tests. The exit code is 1 when a check fails.
        """)

    @Argument(help: "The plugin's name, or a path with a slash.")
    var name: String

    @Option(help: "A file with a configuration to plan and apply, YAML or JSON.")
    var config: String?

    @Option(help: "A value of the configuration, key=value or key:=JSON.")
    var set: [String] = []

    @Option(help: "An image for it, NAME=REFERENCE@DIGEST.")
    var image: [String] = []

    @OptionGroup var options: Options

    func run() async throws {
      let lookup = PluginLookup(name, try options.deployer())
      let report = try await lookup.check(config: config.map { FilePath($0) }, settings: set, images: image)
      try Terminal.answer(options.format == .json ? report.json.prettyText : report.text)
      if !report.succeeded { throw Diagnostics.ExitCode.Failure(code: .failure) }
    }
  }
}

extension PluginSearch.Entry {
  fileprivate var words: String {
    switch state {
    case .usable: ""
    case .shadowed(let other): "  (shadowed by \(other))"
    case .refused(let reason): "  (refused: \(reason))"
    }
  }

  fileprivate var json: JSONValue {
    var value: JSONValue = [
      "name": .string(plugin.name), "path": .string(plugin.path.string), "builtIn": .bool(plugin.isBuiltIn),
    ]
    switch state {
    case .usable: value["state"] = "usable"
    case .shadowed(let other):
      value["state"] = "shadowed"
      value["by"] = .string(other)
    case .refused(let reason):
      value["state"] = "refused"
      value["reason"] = .string(reason)
    }
    return value
  }
}
