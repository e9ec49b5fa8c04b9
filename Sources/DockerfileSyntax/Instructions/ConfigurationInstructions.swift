/// `ARG name[=default]…`
public struct ArgInstruction: Sendable, Hashable {
  public struct Declaration: Sendable, Hashable {
    public var name: Word
    public var defaultValue: Word?

    public init(name: Word, defaultValue: Word?) {
      self.name = name
      self.defaultValue = defaultValue
    }
  }

  public var declarations: [Declaration]

  public init(_ declarations: [Declaration]) {
    self.declarations = declarations
  }
}

/// A pair of ENV or LABEL. Variables may stand on both sides.
public struct KeyValuePair: Sendable, Hashable {
  public var key: Word
  public var value: Word

  public init(key: Word, value: Word) {
    self.key = key
    self.value = value
  }
}

/// `ENV key=value…` or, in the old form, `ENV key rest of the line`
public struct EnvInstruction: Sendable, Hashable {
  public var variables: [KeyValuePair]
  /// Whether a blank separates key and value; there is one pair then.
  public var usesLegacyForm: Bool

  public init(_ variables: [KeyValuePair], usesLegacyForm: Bool = false) {
    self.variables = variables
    self.usesLegacyForm = usesLegacyForm
  }
}

/// `LABEL key=value…` or, in the old form, `LABEL key rest of the line`
public struct LabelInstruction: Sendable, Hashable {
  public var labels: [KeyValuePair]
  /// Whether a blank separates key and value; there is one pair then.
  public var usesLegacyForm: Bool

  public init(_ labels: [KeyValuePair], usesLegacyForm: Bool = false) {
    self.labels = labels
    self.usesLegacyForm = usesLegacyForm
  }
}

/// `WORKDIR path`
public struct WorkdirInstruction: Sendable, Hashable {
  public var path: Word

  public init(path: Word) { self.path = path }
}

/// `USER user[:group]`
public struct UserInstruction: Sendable, Hashable {
  public var user: Word

  public init(user: Word) { self.user = user }
}

/// `EXPOSE port[-port][/protocol]…`; an expanded word may hold several ports.
public struct ExposeInstruction: Sendable, Hashable {
  public var ports: [Word]

  public init(ports: [Word]) { self.ports = ports }
}

/// `VOLUME path…` or `VOLUME ["path", …]`
public struct VolumeInstruction: Sendable, Hashable {
  public var paths: [Word]

  public init(paths: [Word]) { self.paths = paths }
}

/// `STOPSIGNAL signal`
public struct StopsignalInstruction: Sendable, Hashable {
  public var signal: Word

  public init(signal: Word) { self.signal = signal }
}

/// `MAINTAINER name`
public struct MaintainerInstruction: Sendable, Hashable {
  public var name: Word

  public init(name: Word) { self.name = name }
}

/// `SHELL ["executable", "parameter", …]`
public struct ShellInstruction: Sendable, Hashable {
  /// At least one word; they are not expanded.
  public var words: [Word]

  public init(words: [Word]) { self.words = words }
}

/// `CMD`
public struct CmdInstruction: Sendable, Hashable {
  public var command: CommandLine

  public init(command: CommandLine) { self.command = command }
}

/// `ENTRYPOINT`
public struct EntrypointInstruction: Sendable, Hashable {
  public var command: CommandLine

  public init(command: CommandLine) { self.command = command }
}

/// `ONBUILD instruction`
public struct OnbuildInstruction: Sendable, Hashable {
  /// What the image's config stores: the text of the trigger with its here-documents.
  public var expression: String
  /// The trigger, which is never itself an ONBUILD or a MAINTAINER.
  public var trigger: Instruction

  public init(expression: String, trigger: Instruction) {
    self.expression = expression
    self.trigger = trigger
  }
}
