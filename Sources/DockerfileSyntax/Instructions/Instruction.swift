public import Diagnostics

/// Any instruction but FROM.
public struct Instruction: Sendable, Hashable {
  /// What an instruction says.
  public enum Kind: Sendable, Hashable {
    case add(AddInstruction)
    case arg(ArgInstruction)
    case cmd(CmdInstruction)
    case copy(CopyInstruction)
    case entrypoint(EntrypointInstruction)
    case env(EnvInstruction)
    case expose(ExposeInstruction)
    case healthcheck(HealthcheckInstruction)
    case label(LabelInstruction)
    case maintainer(MaintainerInstruction)
    indirect case onbuild(OnbuildInstruction)
    case run(RunInstruction)
    case shell(ShellInstruction)
    case stopsignal(StopsignalInstruction)
    case user(UserInstruction)
    case volume(VolumeInstruction)
    case workdir(WorkdirInstruction)
  }

  /// The instruction's name as it was written.
  public var keyword: Word
  /// From the keyword to the end of the logical line; here-documents stand behind it.
  public var range: SourceRange
  /// The logical line: continuation lines joined, comments taken out, blanks at both ends trimmed. This is the text
  /// that BuildKit puts into histories and shows as progress.
  public var originalText: String
  /// The comment lines directly above.
  public var comments: [Comment]
  public var kind: Kind

  public init(keyword: Word, range: SourceRange, originalText: String, comments: [Comment] = [], kind: Kind) {
    self.keyword = keyword
    self.range = range
    self.originalText = originalText
    self.comments = comments
    self.kind = kind
  }
}

extension [Comment] {
  /// The description of a stage or an argument: the text behind its name in a comment `# name text`.
  public func description(of name: String) -> String? {
    guard !name.isEmpty else { return nil }
    let prefix = name + " "
    return first { $0.text.hasPrefix(prefix) }.map { String($0.text.dropFirst(prefix.count)) }
  }
}
