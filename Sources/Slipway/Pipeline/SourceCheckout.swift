import HostOS
import SystemPackage

/// What git says of the source.
struct SourceCheckout: Sendable {
  var commit: String?
  /// Seconds since 1970.
  var commitTime: Int64?
  var branch: String?
  var repository: String?

  /// Nothing is known of a folder that is no checkout, and where there is no git.
  init(of source: FilePath, _ environment: Environment) async {
    guard let log = await Self.git(["log", "-1", "--format=%H %ct"], source, environment) else { return }
    let words = log.split(separator: " ")
    guard words.count == 2 else { return }
    commit = String(words[0])
    commitTime = Int64(words[1])
    branch = await Self.git(["symbolic-ref", "--quiet", "--short", "HEAD"], source, environment)
    let url = await Self.git(["config", "--get", "remote.origin.url"], source, environment)
    repository = url.map(Self.withoutPassword)
  }

  private static func git(_ arguments: [String], _ source: FilePath, _ environment: Environment) async -> String? {
    let child = ChildProcess("git", arguments, environment: environment, workingDirectory: source)
    guard let outcome = try? await child.run(), outcome.succeeded else { return nil }
    let text = outcome.outputText.split(whereSeparator: \.isNewline).first.map(String.init)
    return text
  }

  private static func withoutPassword(_ url: String) -> String { url.replacing(/:\/\/[^\/@]*@/, with: "://") }
}
