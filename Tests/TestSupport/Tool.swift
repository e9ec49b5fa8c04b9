internal import Glibc
public import HostOS
public import SystemPackage

/// Other people's programs, by which tests judge what we write.
public enum Tool {
  /// Runs a program that has to succeed.
  /// - Throws: `TestSupportError` when it is not installed, or with what it wrote when it does not end with 0.
  @discardableResult
  public static func run(
    _ name: String, _ arguments: [String] = [], environment: Environment? = nil,
    in folder: FilePath? = nil,
    input: [UInt8] = []
  ) async throws -> ChildProcess.Outcome {
    let outcome = try await attempt(
      name, arguments, environment: environment, in: folder, input: input)
    guard outcome.succeeded else {
      throw TestSupportError(
        "tool-failed",
        "\(name) ended with \(outcome.status): \(([name] + arguments).joined(separator: " "))",
        notes: [outcome.outputText, outcome.errorText].filter { !$0.isEmpty })
    }
    return outcome
  }

  /// What a program that has to succeed writes to its standard output, without the last line break.
  /// - Throws: as `run`.
  public static func output(
    _ name: String, _ arguments: [String] = [], environment: Environment? = nil,
    in folder: FilePath? = nil
  ) async throws -> String {
    var text = try await run(name, arguments, environment: environment, in: folder).outputText
    if text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  /// Runs a program that may end as it likes.
  /// - Throws: `TestSupportError` when it is not installed.
  public static func attempt(
    _ name: String, _ arguments: [String] = [], environment: Environment? = nil,
    in folder: FilePath? = nil,
    input: [UInt8] = []
  ) async throws -> ChildProcess.Outcome {
    let path = try find(name)
    return try await ChildProcess(
      path.string, arguments, environment: environment, workingDirectory: folder, input: input
    ).run()
  }

  /// Where a program is installed. PATH counts, and the folders of root's programs, which a user's PATH may lack.
  /// - Throws: `TestSupportError` when it is not.
  public static func find(_ name: String) throws -> FilePath {
    if name.contains("/") { return FilePath(name) }
    let folders =
      (Environment.current["PATH"] ?? "").split(separator: ":").map(String.init) + [
        "/usr/sbin", "/sbin",
      ]
    for folder in folders where folder.hasPrefix("/") {
      let candidate = FilePath(folder).appending(name)
      if candidate.withPlatformString({ access($0, X_OK) }) == 0 { return candidate }
    }
    throw TestSupportError(
      "tool-missing", "\(name) is not installed, and this test needs it",
      help: "run scripts/install-packages test")
  }
}
