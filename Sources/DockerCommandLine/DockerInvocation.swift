/// A command line that was understood.
public struct DockerInvocation: Sendable, Hashable {
  public var command: DockerCommand
  /// The name as it was written, such as `image build`.
  public var spelling: String
  /// What flags were given, by their long names; those before the command, too.
  public var values: [String: [String]] = [:]
  public var arguments: [String] = []
  /// What is to be told before the work begins.
  public var warnings: [String] = []

  public subscript(flag: String) -> String? { values[flag]?.last }

  public func list(_ flag: String) -> [String] { values[flag] ?? [] }

  /// Whether a boolean flag is set.
  public func has(_ flag: String) -> Bool { self[flag] == "true" }
}

/// What became of a command line.
public enum DockerLine: Sendable, Hashable {
  case run(DockerInvocation)
  /// A text for standard output.
  case help(String)
  /// `docker --version`.
  case version
}

/// A command line that is not usable.
public struct DockerUsageError: Error, Hashable {
  /// In docker's words, for standard error.
  public var message: String
  /// 125 for flags, 1 for all else, as docker has it.
  public var exitCode: Int32
}
