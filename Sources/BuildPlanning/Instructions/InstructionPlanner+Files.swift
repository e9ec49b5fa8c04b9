import Diagnostics
import DockerfileSyntax
import OCI

/// WORKDIR, COPY and ADD.
extension InstructionPlanner {
  func apply(_ workdir: WorkdirInstruction, to state: inout StageState, _ session: inout PlanningSession) throws {
    let text = try expand(workdir.path, state)
    let path = ImagePath.resolve(text, in: state.workingDirectory)
    // An absolute path is written into the image as it is (BuildKit, `NormalizeWorkdir`).
    let spelling = text.hasPrefix("/") ? text : path
    state.runtime.workingDir = spelling
    // The root is there, which progress counts as a step that never comes.
    guard path != "/" else { return state.record("WORKDIR \(spelling)") }
    let title = title(&state)
    // The folder belongs to USER, as it does in BuildKit.
    let owner = state.runtime.user.flatMap { $0.isEmpty ? nil : $0 }
    state.vertex = session.add(
      .file(FileOperation(base: state.vertex, actions: [.makeDirectory(path: path, owner: owner)])), state,
      title: title, origin: command.annotation)
    state.record("WORKDIR \(spelling)", makesLayer: true)
  }

  func apply(_ copy: CopyInstruction, to state: inout StageState, _ session: inout PlanningSession) throws {
    let transfer = FileTransfer(copy)
    let sources = try transfer.sources.map { word in
      let text = try expand(word, state)
      guard try remoteSource(word, text) == nil else {
        throw PlanningError(
          "remote-source-of-copy", "COPY takes no URLs and no git repositories", at: annotation(word),
          help: ["write ADD instead of COPY"])
      }
      return PlannedSource(text, at: annotation(word))
    }
    var vertex: VertexID?
    if let origin = command.origins.first ?? nil {
      vertex = session.vertex(of: origin) ?? session.emptyVertex
    } else if !sources.isEmpty {
      vertex = contextVertex(&session)
    }
    try add(transfer, sources, from: vertex, to: &state, &session)
  }

  func contextVertex(_ session: inout PlanningSession) -> VertexID {
    session.graph.add(.source(.context(named: nil)), title: "[internal] load build context", origin: nil)
  }

  /// Plans the copying of sources: those that are paths come from the vertex.
  func add(
    _ transfer: FileTransfer, _ sources: [PlannedSource], from vertex: VertexID?, to state: inout StageState,
    _ session: inout PlanningSession
  ) throws {
    let destinationText = try expand(transfer.destination, state)
    let owner = try expandIfGiven(transfer.chown, state).flatMap { $0.isEmpty ? nil : $0 }
    let modeText = try expandIfGiven(transfer.chmod, state).flatMap { $0.isEmpty ? nil : $0 }
    let prototype = CopyAction(
      source: vertex.map { .vertex($0) } ?? .inline(name: "", content: []), pattern: "",
      destination: ImagePath.resolve(destinationText, in: state.workingDirectory, keepsSlash: true), owner: owner,
      mode: try mode(modeText, transfer.chmod), unpacks: transfer.unpacks ?? transfer.isAdd,
      excludes: try transfer.excludes.map { try expand($0, state) }, keepsParents: transfer.keepsParents, spelling: "")
    if sources.count + transfer.heredocs.count > 1 {
      warnUnlessFolder(destinationText, prototype.destination, transfer, state, &session)
    }
    let title = title(&state)
    var actions = sources.map { source in
      FileAction.copy(action(prototype, source, transfer, title, state, &session))
    }
    for heredoc in transfer.heredocs {
      var action = prototype
      action.source = .inline(name: heredoc.name, content: Array(try content(of: heredoc, state).utf8))
      action.pattern = "/\(heredoc.name)"
      action.unpacks = false
      action.spelling = "<<\(heredoc.name)"
      actions.append(.copy(action))
    }
    // BuildKit makes no layer of its own where the mode is changed.
    let isLinked = transfer.isLinked && modeText == nil
    state.vertex = self.vertex(actions, isLinked: isLinked, title, state, &session)
    let flags = [
      transfer.keepsParents ? "--parents" : nil, owner.map { "--chown=\($0)" }, modeText.map { "--chmod=\($0)" },
    ].compactMap { $0 }
    let words =
      [transfer.isAdd ? "ADD" : "COPY"] + flags + sources.map { PublicText.withoutCredentials($0.text) }
      + transfer.heredocs.map { "<<\($0.name)" } + [destinationText]
    state.record(words.joined(separator: " "), makesLayer: true, marked: true)
  }

  private func action(
    _ prototype: CopyAction, _ source: PlannedSource, _ transfer: FileTransfer, _ title: String,
    _ state: StageState, _ session: inout PlanningSession
  ) -> CopyAction {
    var action = prototype
    action.place = source.place
    action.spelling = PublicText.withoutCredentials(source.text)
    guard let remote = source.remote else {
      // The pivot `/./` of --parents means something; else only what is left of a path counts.
      action.pattern = transfer.keepsParents ? source.text : ImagePath.resolve(source.text, in: "/")
      return action
    }
    let vertex = session.add(.source(remote), state, title: "\(title) (fetch)", origin: command.annotation)
    action.source = .vertex(vertex)
    if case .http(let file) = remote {
      action.pattern = "/" + ImagePath.escapingWildcards(file.fileName)
      action.unpacks = transfer.unpacks ?? false
    } else {
      action.pattern = "/"
      action.unpacks = false
    }
    return action
  }

  private func vertex(
    _ actions: [FileAction], isLinked: Bool, _ title: String, _ state: StageState, _ session: inout PlanningSession
  ) -> VertexID {
    let files = FileOperation(base: isLinked ? nil : state.vertex, actions: actions)
    let upper = session.add(.file(files), state, title: title, origin: command.annotation)
    guard isLinked else { return upper }
    return session.add(
      .merge(MergeOperation(lower: state.vertex, upper: upper)), state, title: "\(title) (link)",
      origin: command.annotation)
  }

  private func mode(_ text: String?, _ word: Word?) throws -> FileModeChange? {
    guard let text else { return nil }
    guard let change = FileModeChange(text) else {
      throw PlanningError(
        "invalid-mode", "\"\(text)\" is not a file mode", at: word.map(annotation),
        help: ["write an octal number such as 0755, or symbols such as u=rwX,go=rX"])
    }
    return change
  }

  /// BuildKit puts one source after the other to the same place.
  private func warnUnlessFolder(
    _ text: String, _ path: String, _ transfer: FileTransfer, _ state: StageState, _ session: inout PlanningSession
  ) {
    let namesFolder = path.hasSuffix("/") || path == "/" || [".", ".."].contains(text) || text.hasSuffix("/..")
    guard !namesFolder, path != state.workingDirectory else { return }
    session.warnings.append(
      .warning(
        "destination-not-a-folder",
        "several sources go to \(text), which does not end in a slash: if it is no folder, one file is left",
        at: annotation(transfer.destination), help: ["write \(text)/"]))
  }

  private func content(of heredoc: Heredoc, _ state: StageState) throws -> String {
    guard heredoc.expands else { return heredoc.text }
    let expansion = Expansion(file: command.file, escape: command.escape, style: .document)
    return try expansion.expand(heredoc.body, in: state.variables).text
  }
}
