import Diagnostics

extension DockerfileParser {
  /// What a line says; nil, and reported, when it is wrong.
  mutating func parseInstruction(_ line: InstructionLine) -> Instruction? {
    guard let name = line.name else {
      reportUnknownInstruction(line)
      return nil
    }
    // What is wrong behind wrong flags is told as well.
    let flags = parseFlags(of: line, name)
    guard let kind = parseKind(line, name, flags), flags.isComplete else { return nil }
    return Instruction(
      keyword: line.keyword, range: line.text.sourceRange, originalText: line.text.string, comments: line.comments,
      kind: kind)
  }

  private mutating func reportUnknownInstruction(_ line: InstructionLine) {
    let written = line.keyword.text
    var help: [String] = []
    if written.unicodeScalars.contains(where: { $0.value > 0x7F && $0.properties.isWhitespace }) {
      help = ["it holds a blank that is no plain space; type the line anew"]
    } else if let nearest = suggestion(for: written) {
      help = ["did you mean \(nearest)?"]
    } else if !written.utf8.contains(where: { $0 < 0x41 }) {
      help = ["the instructions are \(InstructionName.spellings.joined(separator: ", "))"]
    } else {
      help = ["if the line belongs to the one above, end that one with a \(escape.name)"]
    }
    report("unknown-instruction", "there is no instruction \(written)", at: line.keyword.range, help: help)
  }

  private mutating func suggestion(for word: String) -> String? {
    if let known = suggestions[word] { return known }
    let nearest = Suggestion.nearest(to: word, in: InstructionName.spellings)
    if suggestions.count < 1000 { suggestions[word] = .some(nearest) }
    return nearest
  }

  private mutating func parseKind(
    _ line: InstructionLine, _ name: InstructionName, _ flags: InstructionFlags
  ) -> Instruction.Kind? {
    switch name {
    case .add: parseAdd(line, flags).map { .add($0) }
    case .arg: parseArg(line).map { .arg($0) }
    case .cmd: parseCommandLine(line.arguments, of: line).map { .cmd(CmdInstruction(command: $0)) }
    case .copy: parseCopy(line, flags).map { .copy($0) }
    case .entrypoint:
      parseCommandLine(line.arguments, of: line).map { .entrypoint(EntrypointInstruction(command: $0)) }
    case .env: parsePairs(line).map { .env(EnvInstruction($0.pairs, usesLegacyForm: $0.isLegacy)) }
    case .expose: parsePorts(line).map { .expose(ExposeInstruction(ports: $0)) }
    case .from: nil
    case .healthcheck: parseHealthcheck(line, flags).map { .healthcheck($0) }
    case .label: parsePairs(line).map { .label(LabelInstruction($0.pairs, usesLegacyForm: $0.isLegacy)) }
    case .maintainer: parseText(line, "a name").map { .maintainer(MaintainerInstruction(name: $0)) }
    case .onbuild: parseOnbuild(line).map { .onbuild($0) }
    case .run: parseRun(line, flags).map { .run($0) }
    case .shell: parseShell(line).map { .shell(ShellInstruction(words: $0)) }
    case .stopsignal: parseText(line, "a signal").map { .stopsignal(StopsignalInstruction(signal: $0)) }
    case .user: parseText(line, "a user").map { .user(UserInstruction(user: $0)) }
    case .volume: parseVolume(line).map { .volume(VolumeInstruction(paths: $0)) }
    case .workdir: parseText(line, "a path").map { .workdir(WorkdirInstruction(path: $0)) }
    }
  }

  // MARK: Arguments that several instructions share

  mutating func reportMissingArgument(_ line: InstructionLine, _ what: String) {
    report(
      "missing-argument", "\(line.keyword.text.uppercased()) needs \(what)", at: line.keyword.range,
      help: line.name.map { ["for example: \($0.example)"] } ?? [])
  }

  /// The whole rest of the line.
  private mutating func parseText(_ line: InstructionLine, _ what: String) -> Word? {
    guard line.arguments.isEmpty else { return line.arguments.word }
    reportMissingArgument(line, what)
    return nil
  }

  private mutating func parsePorts(_ line: InstructionLine) -> [Word]? {
    let words = line.arguments.blankSeparatedWords.map { line.arguments.word($0) }
    guard words.isEmpty else { return words }
    reportMissingArgument(line, "a port")
    return nil
  }

  /// The elements of a JSON array of strings, or nil and whether it was an error.
  mutating func parseJSON(_ text: LogicalText) -> (words: [Word]?, isError: Bool) {
    guard text.bytes.first == UInt8(ascii: "[") else { return (nil, false) }
    switch JSONStringArray.parse(text) {
    case .strings(let strings): return (strings, false)
    case .invalid: return (nil, false)
    case .otherElement(let part):
      report(
        "json-not-strings", "the JSON form takes strings only", at: text.sourceRange(part),
        help: ["put the value in double quotes"])
      return (nil, true)
    }
  }

  /// Words of a JSON array or between blanks.
  mutating func parseList(_ line: InstructionLine) -> [Word]? {
    let (words, isError) = parseJSON(line.arguments)
    if isError { return nil }
    if let words { return words }
    warnAboutAlmostJSON(line.arguments, of: line, meaning: "it is taken as words")
    return line.arguments.blankSeparatedWords.map { line.arguments.word($0) }
  }

  mutating func parseCommandLine(_ text: LogicalText, of line: InstructionLine) -> CommandLine? {
    let (words, isError) = parseJSON(text)
    if isError { return nil }
    if let words { return .exec(words) }
    warnAboutAlmostJSON(text, of: line, meaning: "it is run by the shell")
    return .shell(text.word)
  }

  /// `['a', 'b']` and its like are no JSON, and hardly what was meant. The shell's `[ … ]` has a blank inside.
  private mutating func warnAboutAlmostJSON(_ text: LogicalText, of line: InstructionLine, meaning: String) {
    let bytes = text.bytes
    guard bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"), bytes.count > 2,
      let second = bytes.dropFirst().first(where: { !ASCII.isBlank($0) }),
      [ASCII.doubleQuote, ASCII.singleQuote].contains(second) || !ASCII.isBlank(bytes[bytes.startIndex + 1])
    else { return }
    warn(
      "invalid-json-form",
      "the argument of \(line.keyword.text.uppercased()) looks like a JSON array but is none; \(meaning)",
      at: text.sourceRange, help: ["strings take double quotes, commas stand between them"])
  }

  // MARK: Single instructions

  private mutating func parseVolume(_ line: InstructionLine) -> [Word]? {
    guard let words = parseList(line) else { return nil }
    guard !words.isEmpty else {
      reportMissingArgument(line, "a path")
      return nil
    }
    for word in words where word.text.utf8.allSatisfy({ ASCII.isBlank($0) }) {
      report("empty-argument", "a volume's path cannot be empty", at: word.range, help: ["take it out of the list"])
      return nil
    }
    return words
  }

  private mutating func parseShell(_ line: InstructionLine) -> [Word]? {
    let (words, isError) = parseJSON(line.arguments)
    if isError { return nil }
    if let words, !words.isEmpty { return words }
    let example = "write it as SHELL [\"executable\", \"parameter\"]"
    if words != nil || line.arguments.isEmpty {
      report("missing-argument", "SHELL needs a program", at: line.text.sourceRange, help: [example])
    } else {
      report("json-required", "SHELL takes a JSON array only", at: line.arguments.sourceRange, help: [example])
    }
    return nil
  }

  private static func helpForTrigger(_ name: InstructionName) -> [String] {
    switch name {
    case .maintainer: ["use ONBUILD LABEL"]
    case .onbuild: ["write ONBUILD once"]
    default: ["a trigger runs inside of the stage that starts from this image; the stage has its own FROM"]
    }
  }

  private mutating func parseOnbuild(_ line: InstructionLine) -> OnbuildInstruction? {
    guard !line.arguments.isEmpty else {
      reportMissingArgument(line, "an instruction")
      return nil
    }
    var trigger = InstructionLine(line.arguments)
    trigger.heredocs = line.heredocs
    if let name = trigger.name, [.onbuild, .from, .maintainer].contains(name) {
      report(
        "invalid-trigger", "\(name.rawValue) cannot be an ONBUILD trigger", at: trigger.keyword.range,
        help: Self.helpForTrigger(name))
      return nil
    }
    guard let instruction = parseInstruction(trigger) else { return nil }
    let documents = line.heredocs.map { "\n" + $0.content.text + $0.name }
    return OnbuildInstruction(
      expression: line.arguments.string + documents.joined(), trigger: instruction)
  }
}
