import Diagnostics
import DockerfileSyntax
import OCI

/// WORKDIR, COPY and ADD.
extension InstructionPlanner {
  func apply(_ workdir: WorkdirInstruction, to state: inout StageState, _ session: inout PlanningSession) throws {
    let path = ImagePath.resolve(try expand(workdir.path, state), in: state.workingDirectory)
    let title = title(&state)
    state.runtime.workingDir = path
    guard path != "/" else { return state.record("WORKDIR /") }
    // The folder belongs to USER, as it does in BuildKit.
    let owner = state.runtime.user.flatMap { $0.isEmpty ? nil : $0 }
    state.vertex = session.graph.add(
      .file(FileOperation(base: state.vertex, actions: [.makeDirectory(path: path, owner: owner)])), title: title,
      origin: command.annotation)
    state.record("WORKDIR \(path)", makesLayer: true)
  }

  func apply(_ copy: CopyInstruction, to state: inout StageState, _ session: inout PlanningSession) throws {
    let transfer = FileTransfer(copy)
    guard let origin = command.origin else {
      return try add(transfer, from: contextVertex(for: transfer, &session), to: &state, &session)
    }
    guard let vertex = session.vertex(of: origin) else {
      throw PlanningError(
        "copy-from-empty", "there is nothing to copy: the source has no files", at: copy.from.map(annotation),
        help: ["name a stage or an image that has files"])
    }
    try add(transfer, from: vertex, to: &state, &session)
  }

  func apply(_ add: AddInstruction, to state: inout StageState, _ session: inout PlanningSession) throws {
    for word in add.sources {
      let text = try expand(word, state)
      if Self.isRemote(text) {
        throw notSupported(
          "ADD of a URL or a git repository", at: word.range,
          help: "fetch it before the build and COPY it, or fetch it in a RUN")
      }
    }
    if let checksum = add.checksum {
      throw PlanningError(
        "checksum-of-local-file", "--checksum is for URLs and git repositories", at: annotation(checksum),
        help: ["take --checksum away"])
    }
    let transfer = FileTransfer(add)
    try self.add(transfer, from: contextVertex(for: transfer, &session), to: &state, &session)
  }

  /// Nil where here-documents are all that is copied.
  private func contextVertex(for transfer: FileTransfer, _ session: inout PlanningSession) -> VertexID? {
    guard !transfer.sources.isEmpty else { return nil }
    return session.graph.add(.source(.context(named: nil)), title: "[internal] load build context", origin: nil)
  }

  private func add(
    _ transfer: FileTransfer, from source: VertexID?, to state: inout StageState, _ session: inout PlanningSession
  ) throws {
    let destinationText = try expand(transfer.destination, state)
    let owner = try expandIfGiven(transfer.chown, state).flatMap { $0.isEmpty ? nil : $0 }
    let modeText = try expandIfGiven(transfer.chmod, state)
    let prototype = CopyAction(
      source: source.map { .vertex($0) } ?? .inline(name: "", content: []), pattern: "",
      destination: ImagePath.resolve(destinationText, in: state.workingDirectory, keepsSlash: true), owner: owner,
      mode: try mode(modeText, transfer.chmod), unpacks: transfer.unpacks,
      excludes: try transfer.excludes.map { try expand($0, state) }, keepsParents: transfer.keepsParents, spelling: "")
    let sources = try transfer.sources.map { try expand($0, state) }
    let places = transfer.sources.map(annotation)
    try checkDestination(destinationText, sources.count + transfer.heredocs.count, transfer)

    var actions: [FileAction] = zip(sources, places).map { text, place in
      var action = prototype
      action.place = place
      // The pivot `/./` of --parents means something; else only what is left of a path counts.
      action.pattern = transfer.keepsParents ? text : ImagePath.resolve(text, in: "/")
      action.spelling = text
      return .copy(action)
    }
    for heredoc in transfer.heredocs {
      var action = prototype
      action.source = .inline(name: heredoc.name, content: Array(try content(of: heredoc, state).utf8))
      action.pattern = "/\(heredoc.name)"
      action.unpacks = false
      action.spelling = "<<\(heredoc.name)"
      actions.append(.copy(action))
    }
    let title = title(&state)
    state.vertex = vertex(actions, transfer, title, state.vertex, &session)
    let flags = [
      transfer.keepsParents ? "--parents" : nil, owner.map { "--chown=\($0)" }, modeText.map { "--chmod=\($0)" },
    ].compactMap { $0 }
    let words = [transfer.keyword] + flags + sources + transfer.heredocs.map { "<<\($0.name)" } + [destinationText]
    state.record(words.joined(separator: " "), makesLayer: true, marked: true)
  }

  private func vertex(
    _ actions: [FileAction], _ transfer: FileTransfer, _ title: String, _ base: VertexID?,
    _ session: inout PlanningSession
  ) -> VertexID {
    guard transfer.isLinked else {
      return session.graph.add(
        .file(FileOperation(base: base, actions: actions)), title: title, origin: command.annotation)
    }
    let upper = session.graph.add(
      .file(FileOperation(base: nil, actions: actions)), title: title, origin: command.annotation)
    return session.graph.add(
      .merge(MergeOperation(lower: base, upper: upper)), title: "\(title) (link)", origin: command.annotation)
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

  private func checkDestination(_ text: String, _ sourceCount: Int, _ transfer: FileTransfer) throws {
    let namesFolder =
      text.hasSuffix("/") || text == "." || text.hasSuffix("/.") || text.isEmpty || text == ".."
      || text.hasSuffix("/..")
    if sourceCount > 1, !namesFolder {
      throw PlanningError(
        "destination-not-a-folder", "several sources need a folder to go to, but \(text) does not end in a slash",
        at: annotation(transfer.destination), help: ["write \(text)/"])
    }
  }

  private func content(of heredoc: Heredoc, _ state: StageState) throws -> String {
    guard heredoc.expands else { return heredoc.text }
    let expansion = Expansion(file: command.file, escape: command.escape, style: .document)
    return try expansion.expand(heredoc.body, in: state.variables).text
  }

  private static func isRemote(_ text: String) -> Bool {
    ["http://", "https://", "git://", "git@", "ssh://"].contains { text.hasPrefix($0) }
  }
}

/// What COPY and ADD have in common.
struct FileTransfer {
  var keyword: String
  var sources: [Word]
  var heredocs: [Heredoc]
  var destination: Word
  var chown: Word?
  var chmod: Word?
  var isLinked: Bool
  var excludes: [Word]
  var keepsParents: Bool
  var unpacks: Bool

  init(_ copy: CopyInstruction) {
    keyword = "COPY"
    (sources, heredocs, destination) = (copy.sources, copy.heredocs, copy.destination)
    (chown, chmod, isLinked, excludes) = (copy.chown, copy.chmod, copy.link, copy.excludes)
    keepsParents = copy.parents
    unpacks = false
  }

  init(_ add: AddInstruction) {
    keyword = "ADD"
    (sources, heredocs, destination) = (add.sources, add.heredocs, add.destination)
    (chown, chmod, isLinked, excludes) = (add.chown, add.chmod, add.link, add.excludes)
    keepsParents = false
    unpacks = add.unpack ?? true
  }
}
