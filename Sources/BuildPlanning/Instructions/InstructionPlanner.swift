import Diagnostics
import DockerfileSyntax
import OCI

/// Applies one instruction to the state of its stage.
struct InstructionPlanner {
  let command: ResolvedStage.Command

  func apply(to state: inout StageState, _ session: inout PlanningSession) throws {
    switch command.instruction.kind {
    case .add(let add): try apply(add, to: &state, &session)
    case .arg(let arg): try apply(arg, to: &state, &session)
    case .cmd(let cmd): apply(cmd, to: &state)
    case .copy(let copy): try apply(copy, to: &state, &session)
    case .entrypoint(let entrypoint): apply(entrypoint, to: &state)
    case .env(let env): try apply(env, to: &state)
    case .expose(let expose): try apply(expose, to: &state)
    case .healthcheck(let healthcheck): apply(healthcheck, to: &state)
    case .label(let label): try apply(label, to: &state)
    case .maintainer(let maintainer): apply(maintainer, to: &state)
    case .onbuild(let onbuild): state.runtime.onBuild = (state.runtime.onBuild ?? []) + [onbuild.expression]
    case .run(let run): try apply(run, to: &state, &session)
    case .shell(let shell): apply(shell, to: &state)
    case .stopsignal(let stopsignal): try apply(stopsignal, to: &state)
    case .user(let user): try apply(user, to: &state)
    case .volume(let volume): try apply(volume, to: &state)
    case .workdir(let workdir): try apply(workdir, to: &state, &session)
    }
  }

  func annotation(_ word: Word) -> SourceAnnotation { SourceAnnotation(command.file, word.range) }

  /// The word's value as one text.
  func expand(_ word: Word, _ state: StageState) throws -> String {
    try Expansion(file: command.file, escape: command.escape).expand(word, in: state.variables).text
  }

  func expandIfGiven(_ word: Word?, _ state: StageState) throws -> String? {
    guard let word else { return nil }
    return try expand(word, state)
  }

  /// The next step's title: `[build 2/5] COPY a b`.
  func title(_ state: inout StageState) -> String {
    title(&state, showing: command.instruction.originalText, state.variables, style: .word)
  }

  /// - Parameter style: what becomes of quotes and of variables that are not set.
  func title(
    _ state: inout StageState, showing text: String, _ variables: VariableList, style: Expansion.Style
  ) -> String {
    state.step += 1
    let text = PublicText.withoutCredentials(expanded(text, variables, style))
    return "\(state.prefix(step: state.step))\(command.isTrigger ? "ONBUILD " : "")\(text)"
  }

  /// The instruction with the values of variables, its keyword in capitals.
  private func expanded(_ text: String, _ variables: VariableList, _ style: Expansion.Style) -> String {
    let expansion = Expansion(file: command.file, escape: command.escape, style: style)
    let word = Word(text, range: command.instruction.range)
    let shown = (try? expansion.expand(word, in: variables).text) ?? text
    guard let blank = shown.firstIndex(where: { $0 == " " || $0 == "\t" }) else { return shown.uppercased() }
    return shown[..<blank].uppercased() + shown[blank...]
  }
}
