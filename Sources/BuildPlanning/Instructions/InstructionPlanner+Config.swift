import Diagnostics
import DockerfileSyntax
import OCI

/// Instructions that change the configuration alone.
extension InstructionPlanner {
  func apply(_ arg: ArgInstruction, to state: inout StageState, _ session: inout PlanningSession) throws {
    var texts: [String] = []
    for declaration in arg.declarations {
      let name = declaration.name.text
      var value = session.options.arguments[name]
      let isGiven = value != nil || declaration.defaultValue != nil
      if value == nil, let word = declaration.defaultValue { value = try expand(word, state) }
      if value == nil { value = session.globals.values[name] }
      session.consumedArguments.insert(name)
      if let value, !Self.argumentsWithoutVariable.contains(name) { state.variables.set(name, value) }
      state.buildArguments.append((name, value))
      if isGiven || session.globals.values[name] == nil {
        state.outline?.arguments[name] = StageOutline.Argument(
          value: value, description: command.instruction.comments.description(of: name), place: command.dockerfilePlace,
          offset: declaration.name.range.lowerBound)
      }
      state.outline?.use([name])
      texts.append(value.map { "\(name)=\($0)" } ?? name)
    }
    state.record("ARG \(texts.joined(separator: " "))")
  }

  /// These say what else is to be made of a stage; commands do not see them (BuildKit, `nonEnvArgs`).
  private static let argumentsWithoutVariable: Set = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]

  func apply(_ env: EnvInstruction, to state: inout StageState) throws {
    // All values are of the state before the instruction: in `ENV a=1 b=$a`, b gets the old a.
    let pairs = try env.variables.map { (try expand($0.key, state), try expand($0.value, state)) }
    for ((name, value), pair) in zip(pairs, env.variables) {
      guard !name.isEmpty else {
        throw PlanningError(
          "empty-variable-name", "a variable needs a name, but \(pair.key.text) is empty", at: annotation(pair.key),
          help: ["give the variables in it values"])
      }
      state.setEnvironment(name, value)
    }
    state.record("ENV \(pairs.map { "\($0)=\($1)" }.joined(separator: " "))")
  }

  func apply(_ label: LabelInstruction, to state: inout StageState) throws {
    let pairs = try label.labels.map { (try expand($0.key, state), try expand($0.value, state)) }
    var labels = state.runtime.labels ?? [:]
    for (name, value) in pairs { labels[name] = value }
    state.runtime.labels = labels
    state.record("LABEL \(pairs.map { "\($0)=\($1)" }.joined(separator: " "))")
  }

  func apply(_ maintainer: MaintainerInstruction, to state: inout StageState) {
    state.config.author = maintainer.name.text
    state.record("MAINTAINER \(maintainer.name.text)")
  }

  func apply(_ user: UserInstruction, to state: inout StageState) throws {
    let name = try expand(user.user, state)
    state.runtime.user = name.isEmpty ? nil : name
    state.record("USER \(name)")
  }

  func apply(_ volume: VolumeInstruction, to state: inout StageState) throws {
    var volumes = state.runtime.volumes ?? [:]
    let paths = try volume.paths.map { word in
      let path = try expand(word, state)
      guard !path.isEmpty else {
        throw PlanningError(
          "empty-volume", "a volume needs a path, but \(word.text) is empty", at: annotation(word),
          help: ["give the variables in it values"])
      }
      return path
    }
    for path in paths { volumes[path] = EmptyObject() }
    state.runtime.volumes = volumes
    state.record("VOLUME \(GoFormat.plain(paths))")
  }

  func apply(_ shell: ShellInstruction, to state: inout StageState) {
    let words = shell.words.map(\.text)
    state.runtime.shell = words
    state.record("SHELL \(GoFormat.plain(words))")
  }

  // MARK: Commands

  func apply(_ cmd: CmdInstruction, to state: inout StageState) {
    let arguments = arguments(of: cmd.command, state)
    state.runtime.cmd = arguments
    state.runtime.argsEscaped = true
    state.hasOwnCommand = true
    state.record("CMD \(GoFormat.quoted(arguments))")
  }

  func apply(_ entrypoint: EntrypointInstruction, to state: inout StageState) {
    let arguments = arguments(of: entrypoint.command, state)
    state.runtime.entrypoint = arguments
    if !state.hasOwnCommand { state.runtime.cmd = nil }
    state.record("ENTRYPOINT \(GoFormat.quoted(arguments))")
  }

  private func arguments(of command: CommandLine, _ state: StageState) -> [String] {
    switch command {
    case .shell(let word): state.shell + [word.text]
    case .exec(let words): words.map(\.text)
    }
  }

  func apply(_ healthcheck: HealthcheckInstruction, to state: inout StageState) {
    var check: Healthcheck
    switch healthcheck.check {
    case .none: check = Healthcheck(test: ["NONE"])
    case .command(.shell(let word)): check = Healthcheck(test: ["CMD-SHELL", word.text])
    case .command(.exec(let words)): check = Healthcheck(test: ["CMD"] + words.map(\.text))
    }
    check.interval = healthcheck.interval?.nanoseconds
    check.timeout = healthcheck.timeout?.nanoseconds
    check.startPeriod = healthcheck.startPeriod?.nanoseconds
    check.startInterval = healthcheck.startInterval?.nanoseconds
    check.retries = healthcheck.retries == 0 ? nil : healthcheck.retries
    state.runtime.healthcheck = check
    let times = [check.interval, check.timeout, check.startPeriod, check.startInterval].map { time in
      GoFormat.quoted(GoFormat.duration(time ?? 0))
    }
    // BuildKit prints the struct with %q, so the number of retries becomes a character.
    let members = [GoFormat.quoted(check.test ?? [])] + times + [GoFormat.quotedCharacter(check.retries ?? 0)]
    state.record("HEALTHCHECK &{\(members.joined(separator: " "))}")
  }

  // MARK: Ports and signals

  func apply(_ expose: ExposeInstruction, to state: inout StageState) throws {
    var ports: [String] = []
    let expansion = Expansion(file: command.file, escape: command.escape)
    // BuildKit sorts the words as they are written.
    for word in expose.ports.sorted(by: { Array($0.text.utf8).lexicographicallyPrecedes(Array($1.text.utf8)) }) {
      for text in try expansion.expand(word, in: state.variables).words {
        guard let specification = PortSpecification(text) else {
          throw PlanningError(
            "invalid-port", "\"\(text)\" is not a port", at: annotation(word),
            help: ["write PORT, PORT-PORT or PORT/PROTOCOL, with ports up to 65535 and tcp, udp or sctp"])
        }
        ports += specification.ports
      }
    }
    var exposed = state.runtime.exposedPorts ?? [:]
    for port in ports { exposed[port] = EmptyObject() }
    state.runtime.exposedPorts = exposed
    state.record("EXPOSE \(GoFormat.plain(ports))")
  }

  func apply(_ stopsignal: StopsignalInstruction, to state: inout StageState) throws {
    let signal = try expand(stopsignal.signal, state)
    guard SignalName.isValid(signal) else {
      throw PlanningError(
        "invalid-signal", "\"\(signal)\" is not a signal", at: annotation(stopsignal.signal),
        help: [
          Suggestion.nearest(to: signal, in: SignalName.all.map { "SIG\($0)" }).map { "did you mean \($0)?" }
            ?? "write a name such as SIGTERM, or a number"
        ])
    }
    state.runtime.stopSignal = signal
    state.record("STOPSIGNAL \(signal)")
  }
}

extension Duration {
  /// Nil for zero, which means the default. Clamped to what 64 bits hold.
  fileprivate var nanoseconds: Int64? {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let total = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return total.overflow ? .max : total.partialValue == 0 ? nil : total.partialValue
  }
}
