import Glibc
public import SystemPackage

/// The terminal of a person, for a command to be talked to. The command gets a terminal of its own, and what is typed
/// and shown goes from one to the other.
public struct SandboxTerminal: Sendable, Hashable {
  public var input: FileDescriptor
  public var output: FileDescriptor
  /// What `TERM` says; nil when it says nothing.
  public var kind: String?

  /// Nil unless both descriptors are terminals.
  public init?(input: FileDescriptor, output: FileDescriptor, kind: String?) {
    guard isatty(input.rawValue) == 1, isatty(output.rawValue) == 1 else { return nil }
    (self.input, self.output, self.kind) = (input, output, kind)
  }

  /// Shows a line. A terminal that is gone is found out by whoever reads from it.
  public func show(_ line: String) { _ = try? output.writeAll(Array("\(line)\n".utf8)) }
}
