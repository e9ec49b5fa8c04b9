/// The character that continues lines and escapes in words; the directive `# escape=` chooses it.
public enum EscapeCharacter: UInt8, Sendable, Hashable, CaseIterable {
  case backslash = 0x5C
  case backtick = 0x60
}
