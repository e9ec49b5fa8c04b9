internal import Glibc
public import HostOS
public import SystemPackage

/// The built `slipway`, run as people run it: other process, clean environment, own store.
public struct SlipwayBinary: Sendable {
  /// `SLIPWAY_BINARY`, else the one that was built together with the tests.
  public private(set) var executable: FilePath
  /// The whole environment. Home, store and temporary files are in the scratch folder, in `home`, `store` and `tmp`;
  /// nothing of the developer's settings is there.
  public var environment: Environment

  /// - Throws: `TestSupportError` when it is not built.
  public init(_ scratch: Scratch) throws {
    executable = try Self.find()
    for folder in ["home", "tmp"] { try Files.createDirectories(scratch(folder)) }
    environment = Environment([
      "HOME": scratch("home").string,
      "LANG": "C.UTF-8",
      "PATH": Environment.current["PATH"] ?? "/usr/bin:/bin",
      "SLIPWAY_ROOT": scratch("store").string,
      "TMPDIR": scratch("tmp").string,
    ])
  }

  /// The same, begun by a shell: `umask 077; exec taskset -c 0 "$@"`.
  public func begun(by script: String, in scratch: Scratch) throws -> SlipwayBinary {
    let quoted = "'" + executable.string.replacing("'", with: #"'\''"#) + "'"
    try scratch.write(["slipway": .file("#!/bin/sh\nset -- \(quoted) \"$@\"\n\(script)\n", mode: 0o755)], in: "bin")
    var copy = self
    copy.executable = scratch("bin/slipway")
    return copy
  }

  /// The store that it uses.
  public var store: FilePath { FilePath(environment["SLIPWAY_ROOT"] ?? "") }

  /// - Throws: `ChildProcessError` when it cannot be started; how it ends is in the outcome.
  public func run(
    _ arguments: [String], in folder: FilePath? = nil, input: [UInt8] = []
  ) async throws -> ChildProcess.Outcome {
    try await ChildProcess(
      executable.string, arguments, environment: environment, workingDirectory: folder, input: input
    ).run()
  }

  /// Runs it as another user, with that user's home and a store there.
  /// - Throws: `TestSupportError` when the user may not execute it.
  public func run(
    _ arguments: [String], as user: PlainUser, in folder: FilePath? = nil
  ) async throws -> ChildProcess.Outcome {
    guard try await user.run("/usr/bin/test", ["-x", executable.string]).succeeded else {
      throw TestSupportError(
        "slipway-out-of-reach", "other users may not execute \(executable)",
        help: "keep the checkout where others may read, or set SLIPWAY_BINARY to a binary there")
    }
    var variables = environment.variables
    variables["SLIPWAY_ROOT"] = user.home.appending("store").string
    return try await user.run(
      executable.string, arguments, environment: Environment(variables), in: folder)
  }

  private static func find() throws -> FilePath {
    if let path = Environment.current.nonEmpty("SLIPWAY_BINARY") { return FilePath(path) }
    let folders = try buildFolders()
    for folder in folders {
      let candidate = folder.appending("slipway")
      if candidate.withPlatformString({ access($0, X_OK) }) == 0 { return candidate }
    }
    throw TestSupportError(
      "slipway-missing", "there is no slipway beside the tests",
      notes: folders.map { "looked in \($0)" },
      help: "run swift build, or set SLIPWAY_BINARY")
  }

  /// The folder of this process's executable, and that of its argument `--test-bundle-path`.
  private static func buildFolders() throws -> [FilePath] {
    let own = try Files.symbolicLinkTarget("/proc/self/exe").removingLastComponent()
    let bundles = CommandLine.arguments.filter { $0.contains("/") && $0.hasSuffix(".xctest") }
    return [own] + bundles.map { FilePath($0).removingLastComponent() }
  }
}
