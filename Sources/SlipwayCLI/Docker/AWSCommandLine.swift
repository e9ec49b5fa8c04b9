import Diagnostics
import GoTemplate
import HostOS
import Slipway
import SystemPackage

/// `aws`, for machines that have none, and for `aws ecr get-login`, which version 2 has not.
struct AWSCommandLine {
  private var words: [String] = []
  private var options: [String: String] = [:]
  private var accounts: [String] = []
  private var includesEmail = true

  static func run(_ arguments: [String], _ environment: Environment) async -> Diagnostics.ExitCode {
    let isLogin = arguments.filter { !$0.hasPrefix("-") }.starts(with: ["ecr", "get-login"])
    if let own = ShimFolder.program(behind: "aws", environment) {
      let knowsLogin = isLogin ? await isFirstVersion(own.string, environment) : true
      if knowsLogin { return OtherPrograms.pass("aws", arguments, environment) }
    }
    do { return try await AWSCommandLine(arguments).run(environment) } catch let error as DockerError {
      Terminal.tell("\naws: \(error.message)\n")
      return error.exitCode
    } catch {
      _ = Terminal.report(error)
      return Signals.last != 0 ? .signal(Signals.last) : .init(rawValue: 254)
    }
  }

  private static func isFirstVersion(_ program: String, _ environment: Environment) async -> Bool {
    let outcome = try? await ChildProcess(program, ["--version"], environment: environment).run()
    return outcome.map { ($0.outputText + $0.errorText).hasPrefix("aws-cli/1") } ?? false
  }

  private static let remedy =
    """
    this is Slipway in the place of the AWS CLI, which is not installed. It knows ecr get-login-password, ecr get-login, \
    ecr-public get-login-password and sts get-caller-identity; install the AWS CLI for all else
    """

  private static let values: Set = [
    "--region", "--profile", "--output", "--query", "--endpoint-url", "--ca-bundle", "--cli-read-timeout",
    "--cli-connect-timeout", "--color",
  ]
  private static let switches: Set = [
    "--no-cli-pager", "--no-paginate", "--debug", "--no-verify-ssl", "--no-sign-request",
  ]

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let word = rest.popFirst() {
      let name = String(word.prefix { $0 != "=" })
      if word == "--version" || word == "help" {
        words.append(word)
      } else if Self.values.contains(name) {
        guard let value = name == word ? rest.popFirst() : String(word.dropFirst(name.count + 1)) else {
          throw Self.usage("argument \(name): expected one argument")
        }
        options[name] = value
      } else if name == "--registry-ids" {
        while let next = rest.first, !next.hasPrefix("-") {
          accounts.append(next)
          rest.removeFirst()
        }
      } else if word == "--no-include-email" {
        includesEmail = false
      } else if word == "--include-email" || Self.switches.contains(word) {
        continue
      } else if word.hasPrefix("-") {
        throw Self.usage("Unknown options: \(word)\n\n\(Self.remedy)")
      } else {
        words.append(word)
      }
    }
  }

  private static func usage(_ message: String) -> DockerError { DockerError(message, exitCode: .init(rawValue: 252)) }

  private func run(_ environment: Environment) async throws -> Diagnostics.ExitCode {
    var environment = environment
    if let profile = options["--profile"] { environment.variables["AWS_PROFILE"] = profile }
    if let address = options["--endpoint-url"] { environment.variables["AWS_ENDPOINT_URL"] = address }
    if let file = options["--ca-bundle"] { environment.variables["AWS_CA_BUNDLE"] = file }
    let tool = AWSTool(region: options["--region"], try Workbench(environment: environment, progress: .silent))
    switch words {
    case ["--version"]: say("aws-cli/2.0.0 Slipway/\(slipwayVersion)")
    case ["ecr", "get-login-password"]: say(try await tool.password())
    case ["ecr-public", "get-login-password"]: say(try await tool.publicPassword())
    case ["ecr", "get-login"]:
      for line in try await tool.logins(accounts, includesEmail: includesEmail) { say(line) }
    case ["sts", "get-caller-identity"]: try say(await tool.identity(), environment)
    default: throw Self.usage("\(words.joined(separator: " ")) is not available\n\n\(Self.remedy)")
    }
    return .success
  }

  private func say(_ line: String) { DockerShim.write(line + "\n") }

  private func say(_ identity: AWSTool.Identity, _ environment: Environment) throws {
    let fields = [("UserId", identity.userID), ("Account", identity.account), ("Arn", identity.arn)]
    let output = options["--output"] ?? environment.nonEmpty("AWS_DEFAULT_OUTPUT") ?? "json"
    if let query = options["--query"] {
      guard let found = fields.first(where: { $0.0 == query }) else {
        throw Self.usage("--query \(query) is not available: write Account, Arn or UserId\n\n\(Self.remedy)")
      }
      return say(output == "text" ? found.1 : TemplateValue.text(found.1).json)
    }
    guard output != "text" else {
      return say([identity.account, identity.arn, identity.userID].joined(separator: "\t"))
    }
    say(TemplateValue.record(fields.map { .init($0.0, .text($0.1)) }).json(indent: "    "))
  }
}
