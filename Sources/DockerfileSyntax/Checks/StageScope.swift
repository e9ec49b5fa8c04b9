import Diagnostics

/// What is known inside of a stage in front of an instruction.
struct StageScope: VariableEnvironment {
  /// Instructions of which the last of a stage counts.
  enum Single: Hashable {
    case cmd, entrypoint, healthcheck
  }

  /// What is known of a variable.
  private struct Variable {
    /// Nil for an ARG without a value.
    var text: String?
    /// Whether all variables are known that its value came from.
    var isCertain: Bool
  }

  /// An instruction of which the last one counts.
  struct Seen {
    var range: SourceRange
    var comments: [Comment]
  }

  let file: CheckedFile
  private var variables = PersistentTable<Variable>()
  /// Whether the variables of the base image are known.
  private(set) var isComplete: Bool
  /// Whether there is a WORKDIR, here or in a stage below.
  private(set) var hasWorkdir = false
  /// Whether there is a SHELL, here, in a stage below or in the image.
  private(set) var hasShell: Bool
  private(set) var singles: [Single: Seen] = [:]
  /// ONBUILD triggers, which run in stages that start from this one.
  private(set) var triggers: [Instruction] = []

  /// A stage that starts from an image, or from nothing.
  init(_ stage: CheckedStage, of file: CheckedFile) {
    self.file = file
    let image = file.context.bases[stage.index]
    isComplete = if case .scratch = stage.base { true } else { image != nil }
    hasShell = image?.hasShell ?? false
    for (name, text) in image?.environment ?? [:] { set(name, text, isCertain: true) }
    // Every stage has a PATH.
    if variables["PATH"] == nil {
      set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", isCertain: isComplete)
    }
  }

  /// From here on, variables may have any value.
  mutating func forget() { isComplete = false }

  /// What a stage that starts from this one begins with.
  var inherited: StageScope {
    var scope = self
    scope.singles = [:]
    scope.triggers = []
    return scope
  }

  func value(of name: String) -> String? { variables[name]?.text }

  /// Whether a variable is an ARG without a value.
  func isUnsetArgument(_ name: String) -> Bool {
    guard let variable = variables[name] else { return false }
    return variable.text == nil
  }

  var names: Set<String> { variables.names }
}

extension StageScope {
  /// The value of a word.
  struct Value {
    var text: ExpandedText
    /// Whether all variables in it are known.
    var isCertain: Bool
  }

  /// The value of a word; nil when it has none.
  func evaluate(_ word: Word) -> Value? {
    guard let text = try? file.dockerfile.expansion.expand(word, in: self) else { return nil }
    let hasKnownNames = isComplete || text.unsetVariables.allSatisfy(isUnsetArgument)
    return Value(
      text: text, isCertain: hasKnownNames && text.usedVariables.allSatisfy { variables[$0]?.isCertain == true })
  }

  /// What is known behind an instruction, of which messages say that it stands at `place`.
  mutating func apply(_ instruction: Instruction, at place: SourceRange? = nil) {
    let seen = Seen(range: place ?? instruction.range, comments: instruction.comments)
    switch instruction.kind {
    case .arg(let arg): arg.declarations.forEach { apply($0) }
    case .env(let env): apply(env)
    case .workdir: hasWorkdir = true
    case .shell: hasShell = true
    case .cmd: singles[.cmd] = seen
    case .entrypoint: singles[.entrypoint] = seen
    case .healthcheck: singles[.healthcheck] = seen
    case .onbuild(let onbuild): triggers.append(onbuild.trigger)
    default: break
    }
  }

  private mutating func apply(_ env: EnvInstruction) {
    // All values are taken from in front of the instruction.
    let pairs = env.variables.map { (evaluate($0.key)?.text.text ?? $0.key.text, evaluate($0.value)) }
    for (name, value) in pairs { set(name, value?.text.text ?? "", isCertain: value?.isCertain == true) }
  }

  private mutating func apply(_ declaration: ArgInstruction.Declaration) {
    let name = declaration.name.text
    guard !Self.outsideOfEnvironment.contains(name) else { return }
    if let given = file.context.buildArguments[name] {
      set(name, given, isCertain: true)
    } else if let word = declaration.defaultValue {
      let value = evaluate(word)
      set(name, value?.text.text ?? "", isCertain: value?.isCertain == true)
    } else if let global = file.globals.value(of: name) {
      set(name, global, isCertain: true)
    } else if variables[name] == nil {
      variables[name] = Variable(text: nil, isCertain: true)
    }
  }

  /// Values that no rule looks into are not kept, so that lines that double a variable cost no memory.
  private mutating func set(_ name: String, _ text: String, isCertain: Bool) {
    let isShort = text.utf8.count <= 4096
    variables[name] = Variable(text: isShort ? text : "", isCertain: isCertain && isShort)
  }

  /// ARGs that steer the builder and never become variables.
  static let outsideOfEnvironment: Set = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]
}
