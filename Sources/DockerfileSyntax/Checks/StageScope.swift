import Diagnostics

/// What is known inside of a stage in front of an instruction.
struct StageScope: VariableEnvironment {
  /// Instructions of which the last of a stage counts.
  enum Single: Hashable {
    case cmd, entrypoint, healthcheck
  }

  let file: CheckedFile
  private var values: [String: String]
  /// ARGs without a value.
  private(set) var unsetArguments: Set<String> = []
  /// Variables whose values hold others that are not known.
  private var uncertain: Set<String> = []
  /// Whether the variables of the base image are known.
  private(set) var isComplete: Bool
  /// Whether there is a WORKDIR, here or in a stage below.
  private(set) var hasWorkdir = false
  /// Whether there is a SHELL, here, in a stage below or in the image.
  private(set) var hasShell: Bool
  private(set) var singles: [Single: Instruction] = [:]
  /// ONBUILD triggers, which run in stages that start from this one.
  private(set) var triggers: [Instruction] = []

  /// A stage that starts from an image, or from nothing.
  init(_ stage: CheckedStage, of file: CheckedFile) {
    self.file = file
    let image = file.context.bases[stage.index]
    if case .scratch = stage.base { isComplete = true } else { isComplete = image != nil }
    values = image?.environment ?? [:]
    hasShell = image?.hasShell ?? false
    // Every stage has a PATH.
    if values["PATH"] == nil {
      values["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
      if !isComplete { uncertain.insert("PATH") }
    }
  }

  /// What a stage that starts from this one begins with.
  var inherited: StageScope {
    var scope = self
    scope.singles = [:]
    scope.triggers = []
    return scope
  }

  func value(of name: String) -> String? { values[name] }

  var names: Set<String> { Set(values.keys).union(unsetArguments) }
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
    let hasKnownNames = isComplete || text.unsetVariables.isSubset(of: unsetArguments)
    return Value(text: text, isCertain: hasKnownNames && uncertain.isDisjoint(with: text.usedVariables))
  }

  /// What is known behind an instruction.
  mutating func apply(_ instruction: Instruction) {
    switch instruction.kind {
    case .arg(let arg): arg.declarations.forEach { apply($0) }
    case .env(let env): apply(env)
    case .workdir: hasWorkdir = true
    case .shell: hasShell = true
    case .cmd: singles[.cmd] = instruction
    case .entrypoint: singles[.entrypoint] = instruction
    case .healthcheck: singles[.healthcheck] = instruction
    case .onbuild(let onbuild): triggers.append(onbuild.trigger)
    default: break
    }
  }

  private mutating func apply(_ env: EnvInstruction) {
    // All values are taken from in front of the instruction.
    let pairs = env.variables.map { (evaluate($0.key)?.text.text ?? $0.key.text, evaluate($0.value)) }
    for (name, value) in pairs { set(name, value) }
  }

  private mutating func apply(_ declaration: ArgInstruction.Declaration) {
    let name = declaration.name.text
    guard !Self.outsideOfEnvironment.contains(name) else { return }
    if let given = file.context.buildArguments[name] {
      set(name, Value(text: ExpandedText(text: given, words: []), isCertain: true))
    } else if let word = declaration.defaultValue {
      set(name, evaluate(word))
    } else if let global = file.globals.value(of: name) {
      set(name, Value(text: ExpandedText(text: global, words: []), isCertain: true))
    } else {
      unsetArguments.insert(name)
    }
  }

  private mutating func set(_ name: String, _ value: Value?) {
    values[name] = value?.text.text ?? ""
    if value?.isCertain == true { uncertain.remove(name) } else { uncertain.insert(name) }
  }

  /// ARGs that steer the builder and never become variables.
  static let outsideOfEnvironment: Set = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]
}
