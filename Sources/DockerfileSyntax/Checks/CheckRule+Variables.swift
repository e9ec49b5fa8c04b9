import Diagnostics

/// Variables of instructions.
extension CheckRule {
  @Sendable static func checkVariables(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    guard scope.isComplete, collector.isWanted(below: instruction.comments) else { return }
    var declaredHere: Set<String> = []
    for use in scope.uses(of: instruction) {
      var expansion = collector.expansion
      expansion.style = use.style
      if let text = try? expansion.expand(use.word, in: scope) {
        let unset = text.unsetRanges.filter { name, _ in
          !scope.isUnsetArgument(name) && !declaredHere.contains(name)
            && !StageScope.outsideOfEnvironment.contains(name)
        }
        for (name, part) in unset.sorted(by: { $0.value.lowerBound < $1.value.lowerBound }) {
          report(name, at: use.word.range(of: part), instruction, scope, &collector)
        }
      }
      // ARG sets its variables one after the other.
      if let name = use.declares { declaredHere.insert(name) }
    }
  }

  private static func report(
    _ name: String, at range: SourceRange, _ instruction: Instruction, _ scope: StageScope,
    _ collector: inout FindingCollector
  ) {
    var notes: [Diagnostic.Note] = []
    var help = ["set it above with ENV \(name)=value, or declare it with ARG \(name)"]
    if let global = scope.file.globals.declarations[name] {
      notes = [collector.note("an ARG above the first FROM counts for FROM only", at: global.name.range)]
      help = ["repeat it in this stage: ARG \(name)"]
    } else if scope.file.globals.value(of: name) != nil {
      help = ["declare it in this stage: ARG \(name)"]
    } else if let nearest = collector.suggestion(for: name, in: scope.names) {
      help.insert("did you mean $\(nearest)?", at: 0)
    }
    collector.report(
      "the variable '\(name)' is not set here", at: range, below: instruction.comments, notes: notes, help: help)
  }

  @Sendable static func checkSecrets(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    let names: [(name: String, range: SourceRange)]
    let keyword: String
    switch instruction.kind {
    case .arg(let arg):
      keyword = "ARG"
      names = arg.declarations.map { ($0.name.text, $0.name.range) }
    case .env(let env):
      keyword = "ENV"
      names = env.variables.map { (scope.evaluate($0.key)?.text.text ?? $0.key.text, $0.key.range) }
    default: return
    }
    for (name, range) in names where isSecret(name) {
      collector.report(
        "\(keyword) \(name) looks like a secret, and everyone who has the image can read it", at: range,
        below: instruction.comments,
        help: [
          "give it to the command that needs it: RUN --mount=type=secret,id=\(name.lowercased()),env=\(name)",
          "if it is no secret, write above the line: # check=skip=SecretsUsedInArgOrEnv",
        ])
    }
  }

  /// Whether a part of a name between underscores speaks of secrets, and none takes that back.
  static func isSecret(_ name: String) -> Bool {
    let parts = Set(name.lowercased().split(separator: "_", omittingEmptySubsequences: false).map(String.init))
    return !parts.isDisjoint(with: secretWords) && parts.isDisjoint(with: harmlessWords)
  }

  private static let secretWords: Set = [
    "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
  ]
  private static let harmlessWords: Set = ["public", "file", "version"]
}

/// A text of an instruction in which variables are expanded.
struct ExpandedUse {
  var word: Word
  var style = Expansion.Style.word
  /// The variable that is set once the text is expanded.
  var declares: String?
}

extension StageScope {
  /// The texts of an instruction that are expanded here: the default value of an ARG is not when another is given.
  func uses(of instruction: Instruction) -> [ExpandedUse] {
    guard case .arg = instruction.kind else { return instruction.kind.expandedTexts }
    return instruction.kind.expandedTexts.map { use in
      guard let name = use.declares, file.context.buildArguments[name] != nil else { return use }
      return ExpandedUse(word: Word("", range: use.word.range), declares: name)
    }
  }
}

extension Instruction.Kind {
  /// The texts in which variables that are not set are told of, in their order; EXPOSE is not among them.
  var expandedTexts: [ExpandedUse] {
    switch self {
    case .add(let add):
      [add.chown, add.chmod, add.checksum].uses + add.excludes.uses + add.sources.uses + add.heredocs.uses
        + [ExpandedUse(word: add.destination)]
    case .copy(let copy):
      [copy.chown, copy.chmod].uses + copy.excludes.uses + copy.sources.uses + copy.heredocs.uses
        + [ExpandedUse(word: copy.destination)]
    case .arg(let arg):
      arg.declarations.map { declaration in
        let name = declaration.name
        return ExpandedUse(word: declaration.defaultValue ?? Word("", range: name.range), declares: name.text)
      }
    case .env(let env): env.variables.flatMap { [$0.key, $0.value] }.uses
    case .label(let label): label.labels.flatMap { [$0.key, $0.value] }.uses
    case .run(let run): run.mounts.flatMap(\.kind.words).uses
    case .stopsignal(let stopsignal): [ExpandedUse(word: stopsignal.signal)]
    case .user(let user): [ExpandedUse(word: user.user)]
    case .volume(let volume): volume.paths.uses
    case .workdir(let workdir): [ExpandedUse(word: workdir.path)]
    case .cmd, .entrypoint, .expose, .healthcheck, .maintainer, .onbuild, .shell: []
    }
  }
}

extension [Word] {
  fileprivate var uses: [ExpandedUse] { map { ExpandedUse(word: $0) } }
}

extension [Word?] {
  fileprivate var uses: [ExpandedUse] { compactMap { $0 }.uses }
}

extension [Heredoc] {
  fileprivate var uses: [ExpandedUse] {
    filter(\.expands).map { ExpandedUse(word: $0.body, style: .document) }
  }
}

extension RunMount.Kind {
  /// The options that may hold variables.
  fileprivate var words: [Word] {
    let words: [Word?]
    switch self {
    case .bind(let bind): words = [bind.target, bind.source, bind.readOnly?.word]
    case .cache(let cache):
      words = [
        cache.target, cache.id, cache.readOnly?.word, cache.sharing?.word, cache.source, cache.mode?.word,
        cache.uid?.word, cache.gid?.word,
      ]
    case .tmpfs(let tmpfs): words = [tmpfs.target, tmpfs.size?.word]
    case .secret(let secret):
      words = [
        secret.id, secret.target, secret.env, secret.required?.word, secret.mode?.word, secret.uid?.word,
        secret.gid?.word,
      ]
    case .ssh(let ssh):
      words = [ssh.id, ssh.target, ssh.required?.word, ssh.mode?.word, ssh.uid?.word, ssh.gid?.word]
    }
    return words.compactMap { $0 }
  }
}
