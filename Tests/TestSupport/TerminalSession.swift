internal import Foundation
public import HostOS
public import SystemPackage

/// A program on a terminal of its own, and somebody who types when something appears there.
public struct TerminalSession: Sendable {
  /// What is waited for, and what is typed then.
  public struct Turn: Sendable, Encodable {
    public var expected: String
    public var typed: String
    /// How wide the terminal is from then on; nil is as before.
    public var columns: Int?

    public init(after expected: String, type typed: String, columns: Int? = nil) {
      self.expected = expected
      self.typed = typed
      self.columns = columns
    }
  }

  public var turns: [Turn]

  public init(_ turns: [Turn]) { self.turns = turns }

  /// The command that runs a program on a new terminal of 50 lines and 132 columns, writes to standard output what
  /// appears there, and ends as the program does. It ends with 99 when the program ends before the last turn.
  /// - Throws: `EncodingError`.
  public func command(_ program: String, _ arguments: [String]) throws -> [String] {
    let turns = String(decoding: try JSONEncoder().encode(turns), as: UTF8.self)
    return ["python3", "-c", Self.script, turns, program] + arguments
  }

  /// Runs it.
  /// - Throws: `TestSupportError` when python3 is missing; how the program ends is in the outcome.
  public func run(
    _ program: String, _ arguments: [String], environment: Environment, in folder: FilePath? = nil
  ) async throws -> ChildProcess.Outcome {
    let command = try command(program, arguments)
    return try await Tool.attempt(command[0], Array(command.dropFirst()), environment: environment, in: folder)
  }

  private static let script = """
    import fcntl, json, os, pty, struct, sys, termios
    turns = json.loads(sys.argv[1])
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
        os.execvp(sys.argv[2], sys.argv[2:])
    seen = b""
    while True:
        try: data = os.read(terminal, 65536)
        except OSError: break
        if not data: break
        os.write(1, data)
        seen += data
        while turns and turns[0]["expected"].encode() in seen:
            seen = seen.split(turns[0]["expected"].encode(), 1)[1]
            turn = turns.pop(0)
            if turn.get("columns"):
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, turn["columns"], 0, 0))
            os.write(terminal, turn["typed"].encode())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(99 if turns else status if status >= 0 else 128 - status)
    """
}
