public import Diagnostics
import Subprocess
public import SystemPackage

/// Runs another program to its end and collects what it writes: for credential helpers and tools, not for RUN.
public struct ChildProcess: Sendable {
  /// How a program ended and what it wrote.
  public struct Outcome: Sendable {
    /// The exit code, or 128 plus the number of the signal that ended it.
    public var status: Int32
    public var output: [UInt8]
    public var errorOutput: [UInt8]

    public var succeeded: Bool { status == 0 }
    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
  }

  /// A name that is looked up in PATH, or a path.
  public var executable: String
  public var arguments: [String]
  /// Nil: that of this process.
  public var environment: Environment?
  public var workingDirectory: FilePath?
  public var input: [UInt8]
  /// Each of the two outputs may have so many bytes.
  public var outputLimit: Int

  public init(
    _ executable: String, _ arguments: [String] = [], environment: Environment? = nil,
    workingDirectory: FilePath? = nil, input: [UInt8] = []
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.input = input
    self.outputLimit = 16 << 20
  }

  /// Cancelling the task ends the program with SIGTERM, and after two seconds with SIGKILL, and so its process group.
  ///
  /// The input is a file in memory, so a program that does not read it is no failure.
  /// - Throws: `ChildProcessError` when it cannot be started or writes more than `outputLimit`; `HostError` when there
  ///   is no memory for the input.
  public func run() async throws -> Outcome {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
    let values = environment.map { variables in
      Dictionary(
        uniqueKeysWithValues: variables.variables.map { (Subprocess.Environment.Key(stringLiteral: $0.key), $0.value) })
    }
    let inputFile = try Files.inMemory(input, called: "input")
    do {
      let result = try await Subprocess.run(
        executable.contains("/") ? .path(SystemPackage.FilePath(executable)) : .name(executable),
        arguments: Arguments(arguments),
        environment: values.map { .custom($0) } ?? .inherit,
        workingDirectory: workingDirectory,
        platformOptions: options,
        input: .fileDescriptor(inputFile, closeAfterSpawningProcess: true),
        output: .bytes(limit: outputLimit),
        error: .bytes(limit: outputLimit))
      return Outcome(
        status: Self.status(of: result.terminationStatus), output: result.standardOutput,
        errorOutput: result.standardError)
    } catch let error as SubprocessError {
      throw ChildProcessError(executable: executable, reason: reason(of: error))
    }
  }

  private func reason(of error: SubprocessError) -> String {
    switch error.code {
    case .executableNotFound: "it is not there or cannot be executed"
    case .failedToChangeWorkingDirectory: "there is no folder \(workingDirectory.map(\.string) ?? ".")"
    case .outputLimitExceeded: "it writes more than \(outputLimit) bytes"
    default: String(describing: error)
    }
  }

  private static func status(of termination: TerminationStatus) -> Int32 {
    switch termination {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }
}

/// A program that could not be started or controlled.
public struct ChildProcessError: DiagnosticError {
  public var executable: String
  public var reason: String

  public var diagnostics: [Diagnostic] {
    [
      .error(
        "child-process", "cannot run \(executable): \(reason)",
        help: ["check that \(executable) is installed and can be executed"])
    ]
  }
}
