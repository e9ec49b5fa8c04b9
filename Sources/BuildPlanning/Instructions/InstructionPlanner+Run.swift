import Diagnostics
import DockerfileSyntax
import OCI

/// RUN.
extension InstructionPlanner {
  func apply(_ run: RunInstruction, to state: inout StageState, _ session: inout PlanningSession) throws {
    try refuseWhatIsMissing(run)
    let mounts = try mounts(of: run, state, &session)
    state.outline?.add(mounts, at: place(of: run))
    let title = title(&state, of: run, mounts)
    let (arguments, script) = invocation(of: run, state)
    guard !arguments.isEmpty else {
      throw PlanningError(
        "empty-command", "RUN has nothing to run", at: command.annotation, help: ["write RUN [\"PROGRAM\", …]"])
    }
    var exec = ExecOperation(
      root: state.vertex, platform: state.config.platform, arguments: arguments, environment: state.variables.entries)
    exec.proxyEnvironment = proxyEnvironment(session.options)
    exec.workingDirectory = state.workingDirectory
    exec.user = state.runtime.user ?? ""
    exec.network = try network(of: run, session.options)
    exec.script = script
    exec.shell = state.shell.first ?? exec.shell
    exec.surroundings = session.options.surroundings
    exec.mounts = sorted(mounts)
    addAgent(of: mounts, to: &exec, state)
    let history = history(arguments, state)
    state.vertex = session.add(.exec(exec), state, title: title, origin: command.annotation)
    state.record("RUN \(history)", makesLayer: true, marked: true)
  }

  /// With the first line of a here-document that is all there is to the command, and without the values of variables
  /// that hold secrets.
  private func title(_ state: inout StageState, of run: RunInstruction, _ mounts: [ExecMount]) -> String {
    var text = command.instruction.originalText
    if let document = run.heredocs.first, case .shell(let word) = run.command, word.range == document.marker.range {
      let lines = document.content.text.trimmingBlanks.split(separator: "\n", omittingEmptySubsequences: false)
      text += " (\(lines[0].trimmingBlanks)\(lines.count > 1 ? "..." : ""))"
    }
    var shown = state.variables
    for case .secret(let secret) in mounts.map(\.kind) {
      if let variable = secret.variable { shown.set(variable, "****") }
    }
    // Quotes and what is not set are the shell's business.
    return title(&state, showing: text, shown, style: .verbatim)
  }

  /// With its here-documents, which stand behind it.
  private func place(of run: RunInstruction) -> SourceAnnotation {
    var place = command.dockerfilePlace
    if place == command.annotation, let last = run.heredocs.last {
      place.range = place.range.union(last.terminatorRange)
    }
    return place
  }

  private func invocation(of run: RunInstruction, _ state: StageState) -> ([String], ExecOperation.Script?) {
    switch run.invocation {
    case .exec(let words): return (words, nil)
    case .shell(let text): return (state.shell + [text], nil)
    case .script(let name, let content):
      let path = "/dev/pipes/\(name)"
      // The shell starts it, as it would start any program.
      return (state.shell + [path], ExecOperation.Script(path: path, content: Array(content.utf8)))
    }
  }

  private func network(of run: RunInstruction, _ options: BuildOptions) throws -> ExecOperation.Network {
    switch run.network {
    case nil, .default: return options.network
    case .some(.none): return .none
    case .host?:
      guard options.permitsHostNetwork else {
        throw PlanningError(
          "offline", "RUN --network=host needs a network, and --offline is set", at: command.annotation,
          help: ["take --network=host away, or build with a network"])
      }
      return .host
    }
  }

  private func refuseWhatIsMissing(_ run: RunInstruction) throws {
    if run.security == .insecure {
      throw PlanningError(
        "insecure-run", "RUN --security=insecure asks for privileges that Slipway never has", at: command.annotation,
        help: ["take --security=insecure away; most commands do not need it"])
    }
    if let device = run.devices.first {
      throw PlanningError(
        "device-in-run", "RUN --device asks for the device \(device.text), and Slipway gives no devices to commands",
        at: annotation(device), help: ["take --device away, or run the command where the device is"])
    }
  }

  /// The variable that programs find the first agent by (BuildKit, `llb.AddSSHSocket`).
  private func addAgent(of mounts: [ExecMount], to exec: inout ExecOperation, _ state: StageState) {
    let name = "SSH_AUTH_SOCK"
    let sockets = mounts.compactMap { mount in if case .ssh = mount.kind { mount.target } else { nil } }
    if let socket = sockets.first, state.variables.value(of: name) == nil {
      exec.environment.append("\(name)=\(socket)")
    }
  }

  /// `|N NAME=value … argument …`, as BuildKit writes it: the ARGs in the order of their first declaration, with the
  /// values that the command sees.
  private func history(_ arguments: [String], _ state: StageState) -> String {
    var names: [String] = []
    var values: [String: String] = [:]
    for (name, value) in state.buildArguments {
      if values[name] == nil { names.append(name) }
      values[name] = state.variables.value(of: name) ?? value ?? ""
    }
    let prefix = names.isEmpty ? [] : ["|\(names.count)"] + names.map { "\($0)=\(values[$0] ?? "")" }
    return (prefix + arguments).joined(separator: " ")
  }

  /// Proxies given as build arguments, in both spellings (Dockerfile reference, "Predefined ARGs").
  private func proxyEnvironment(_ options: BuildOptions) -> [String] {
    let names = options.arguments.keys.filter { PlanningSession.proxyArguments.contains($0.uppercased()) }
    return names.sorted().flatMap { name in
      let value = options.arguments[name] ?? ""
      return Set([name, name.uppercased(), name.lowercased()]).sorted().map { "\($0)=\(value)" }
    }
  }
}

extension StringProtocol {
  fileprivate var trimmingBlanks: SubSequence {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return rest
  }
}
