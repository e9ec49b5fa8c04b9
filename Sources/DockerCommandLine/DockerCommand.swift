/// A command of docker: its names, its flags, its arguments.
public struct DockerCommand: Sendable, Hashable {
  /// Whole paths, such as `build` and `image build`; the first one names the command.
  public var names: [String]
  /// What follows the name in the usage, such as `[OPTIONS] PATH | URL | -`.
  public var usage: String
  /// One sentence, as `docker --help` has it.
  public var summary: String
  public var flags: [DockerFlag]
  /// How many arguments it takes.
  public var arguments: ClosedRange<Int>
  /// Whether flags may follow arguments.
  public var takesFlagsAnywhere = true
  /// Why there is no such thing here; nil for what there is.
  public var refusal: String?

  public var name: String { names.first ?? "" }

  public init(
    _ names: String..., usage: String, _ summary: String, arguments: ClosedRange<Int>, flags: [DockerFlag] = []
  ) {
    self.names = names
    self.usage = usage
    self.summary = summary
    self.flags = flags
    self.arguments = arguments
  }

  /// A command that is known and refused.
  public static func refused(_ names: String..., reason: String) -> DockerCommand {
    var command = DockerCommand(usage: "", "Not available.", arguments: 0...Int.max)
    command.names = names
    command.refusal = reason
    command.takesFlagsAnywhere = false
    return command
  }

  /// A command whose arguments end its flags, since they are those of another program.
  func endingFlags() -> DockerCommand {
    var copy = self
    copy.takesFlagsAnywhere = false
    return copy
  }
}
