/// `RUN [flags] command`
public struct RunInstruction: Sendable, Hashable {
  /// `--network`
  public enum Network: String, Sendable, Hashable, CaseIterable {
    case `default`, none, host
  }

  /// `--security`
  public enum Security: String, Sendable, Hashable, CaseIterable {
    case sandbox, insecure
  }

  public var command: CommandLine
  public var heredocs: [Heredoc]
  public var mounts: [RunMount]
  /// `--network`; nil when not given.
  public var network: Network?
  /// `--security`; nil when not given.
  public var security: Security?
  /// `--device`, any number of times (of BuildKit's labs channel).
  public var devices: [Word]

  public init(command: CommandLine, heredocs: [Heredoc] = [], mounts: [RunMount] = []) {
    self.command = command
    self.heredocs = heredocs
    self.mounts = mounts
    self.devices = []
  }
}

extension RunInstruction {
  /// What is to be executed, here-documents put in their places.
  public enum Invocation: Sendable, Hashable {
    /// Program and arguments.
    case exec([String])
    /// A text for the shell.
    case shell(String)
    /// A here-document that begins with `#!`: a file of that name, to be executed by itself.
    case script(name: String, content: String)
  }

  /// What is to be executed once the here-documents are put in their places.
  ///
  /// A command that is nothing but a here-document is replaced by its content; any other gets its documents behind
  /// it, for the shell to read.
  public var invocation: Invocation {
    let text: Word
    switch command {
    case .exec(let words): return .exec(words.map(\.text))
    case .shell(let word): text = word
    }
    guard let first = heredocs.first else { return .shell(text.text) }
    guard text.range == first.marker.range else {
      return .shell(heredocs.reduce(into: text.text) { $0 += "\n" + $1.content.text + $1.name })
    }
    let content = first.text
    return content.hasPrefix("#!") ? .script(name: first.name, content: content) : .shell(content)
  }
}
