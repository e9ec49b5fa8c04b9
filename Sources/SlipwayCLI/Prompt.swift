import Diagnostics
import Glibc
import Slipway
import SystemPackage

/// Asks people at a terminal.
enum Prompt {
  /// - Throws: `SlipwayError` when nobody is there to be asked.
  static func line(_ text: String) throws -> String {
    try requireTerminal()
    Terminal.tell(text)
    guard let answer = readLine(), !answer.isEmpty else {
      throw SlipwayError("no-answer", "nothing was typed")
    }
    return answer
  }

  /// The same without showing what is typed.
  static func secret(_ text: String) throws -> String {
    try requireTerminal()
    var shown = termios()
    guard tcgetattr(STDIN_FILENO, &shown) == 0 else { return try line(text) }
    var hidden = shown
    hidden.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
      Terminal.tell("\n")
    }
    return try line(text)
  }

  /// All of standard input.
  static func standardInput() throws -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      let count = try block.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }
      if count == 0 { break }
      bytes += block.prefix(count)
    }
    return bytes
  }

  private static func requireTerminal() throws {
    guard isatty(STDIN_FILENO) == 1 else {
      throw SlipwayError(
        "no-terminal", "there is no terminal to ask for user and password",
        help: ["write --username USER --password-stdin, with the password on standard input"])
    }
  }
}
