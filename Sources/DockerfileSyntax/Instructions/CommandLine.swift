/// A command as RUN, CMD, ENTRYPOINT and HEALTHCHECK take it. Nothing in it is expanded by the builder.
public enum CommandLine: Sendable, Hashable {
  /// A text for the shell; it is empty when the instruction has no argument.
  case shell(Word)
  /// A JSON array of strings: program and arguments.
  case exec([Word])
}
