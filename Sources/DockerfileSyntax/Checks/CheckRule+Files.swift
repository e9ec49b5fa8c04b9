import Diagnostics

/// Files and ports.
extension CheckRule {
  @Sendable static func checkIgnoredFiles(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    guard let ignored = scope.file.ignored else { return }
    let sources: [Word]
    switch instruction.kind {
    case .copy(let copy) where copy.from == nil: sources = copy.sources
    case .add(let add): sources = add.sources
    default: return
    }
    for source in sources {
      guard let value = scope.evaluate(source), value.isCertain, !isRemote(value.text.text),
        let rule = ignored.rule(thatIgnores: CleanPath.relative(value.text.text))
      else { continue }
      collector.report(
        "'\(value.text.text)' is kept out of the context by .dockerignore", at: source.range,
        below: instruction.comments,
        notes: [note(on: rule, scope.file.context.ignoreFile)],
        help: [helpForIgnored(CleanPath.relative(value.text.text))])
    }
  }

  private static func note(on rule: DockerIgnore.Rule, _ file: SourceFile?) -> Diagnostic.Note {
    let place = file.flatMap { file in rule.range.map { SourceAnnotation(file, $0) } }
    return Diagnostic.Note(place == nil ? "the rule is \(rule.pattern)" : "it is ignored here", at: place)
  }

  private static func helpForIgnored(_ path: String) -> String {
    path == "."
      ? "let in what is needed, by lines such as !src in .dockerignore"
      : "remove it here, or let it in again with a line !\(path) in .dockerignore"
  }

  /// Whether a source of ADD is a URL or a git repository.
  private static func isRemote(_ text: String) -> Bool {
    ["http://", "https://", "git://", "ssh://", "git@"].contains { text.hasPrefix($0) }
  }

  @Sendable static func checkPortFormat(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    for port in ports(of: instruction, scope) {
      guard let colon = port.text.lastIndex(of: ":"), port.hasKnownProtocol,
        port.text[..<colon].contains(where: { $0 != ":" })
      else { continue }
      let container = port.text[port.text.index(after: colon)...]
      let length = port.text.utf8.distance(from: port.text.startIndex, to: colon) + 1
      collector.report(
        "EXPOSE takes no address and no port of the host", at: port.range(of: 0..<length), below: instruction.comments,
        help: ["write EXPOSE \(container); ports of the host are given when the container is started"])
    }
  }

  @Sendable static func checkPortProtocol(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    for port in ports(of: instruction, scope) {
      guard let slash = port.text.lastIndex(of: "/"), port.hasKnownProtocol else { continue }
      let proto = port.text[port.text.index(after: slash)...]
      guard proto != proto.lowercased() else { continue }
      let start = port.text.utf8.distance(from: port.text.startIndex, to: slash) + 1
      collector.report(
        "the protocol '\(proto)' is not written in small letters",
        at: port.range(of: start..<port.text.utf8.count), below: instruction.comments,
        help: ["write \(proto.lowercased())"])
    }
  }

  /// A port of EXPOSE after expansion.
  private struct Port {
    var text: String
    var word: Word

    func range(of part: Range<Int>) -> SourceRange {
      // What comes out of a variable has no place of its own.
      text == word.text ? word.range(of: part) : word.range
    }

    /// Others are errors.
    var hasKnownProtocol: Bool {
      let container = text.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
      let parts = container.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.first?.isEmpty == false else { return false }
      return parts.count == 1 || ["", "tcp", "udp", "sctp"].contains(parts[1].lowercased())
    }
  }

  private static func ports(of instruction: Instruction, _ scope: StageScope) -> [Port] {
    guard case .expose(let expose) = instruction.kind else { return [] }
    return expose.ports.flatMap { word -> [Port] in
      guard let value = scope.evaluate(word), value.isCertain else { return [] }
      return value.text.words.map { Port(text: $0, word: word) }
    }
  }
}

extension CleanPath {
  /// A source of COPY relative to the context, which a leading slash stands for.
  fileprivate static func relative(_ source: String) -> String {
    let path = cleaned("/" + source).dropFirst()
    return path.isEmpty ? "." : String(path)
  }
}
