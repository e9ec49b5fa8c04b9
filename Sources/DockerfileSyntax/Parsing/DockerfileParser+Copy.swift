import Diagnostics

extension DockerfileParser {
  mutating func parseCopy(_ line: InstructionLine, _ flags: InstructionFlags) -> CopyInstruction? {
    guard let paths = parseTransfer(line) else { return nil }
    var copy = CopyInstruction(sources: paths.sources, heredocs: paths.heredocs, destination: paths.destination)
    copy.from = flags.text("from")
    copy.chown = flags.text("chown")
    copy.chmod = flags.text("chmod")
    copy.link = flags.boolean("link") ?? false
    copy.parents = flags.boolean("parents") ?? false
    copy.excludes = flags.list("exclude").compactMap { $0.value?.word }
    return copy
  }

  mutating func parseAdd(_ line: InstructionLine, _ flags: InstructionFlags) -> AddInstruction? {
    guard let paths = parseTransfer(line) else { return nil }
    var add = AddInstruction(sources: paths.sources, heredocs: paths.heredocs, destination: paths.destination)
    add.chown = flags.text("chown")
    add.chmod = flags.text("chmod")
    add.link = flags.boolean("link") ?? false
    add.checksum = flags.text("checksum")
    add.keepGitDir = flags.boolean("keep-git-dir")
    add.unpack = flags.boolean("unpack")
    add.excludes = flags.list("exclude").compactMap { $0.value?.word }
    return add
  }

  private struct Transfer {
    var sources: [Word] = []
    var heredocs: [Heredoc] = []
    var destination: Word
  }

  private mutating func parseTransfer(_ line: InstructionLine) -> Transfer? {
    guard let words = parseList(line) else { return nil }
    guard let destination = words.last, words.count > 1 else {
      reportTooFewPaths(words, line)
      return nil
    }
    let heredocs = Dictionary(line.heredocs.map { ($0.marker.range, $0) }, uniquingKeysWith: { first, _ in first })
    if heredocs[destination.range] != nil {
      report(
        "heredoc-destination", "a here-document cannot be the destination", at: destination.range,
        help: ["write the destination behind it"])
      return nil
    }
    var transfer = Transfer(destination: destination)
    for word in words.dropLast() {
      if let heredoc = heredocs[word.range] {
        transfer.heredocs.append(heredoc)
      } else {
        transfer.sources.append(word)
      }
    }
    let taken = Set(transfer.heredocs.map(\.marker.range))
    for heredoc in line.heredocs where !taken.contains(heredoc.marker.range) {
      report(
        "invalid-heredoc-name", "the name of this here-document holds a blank", at: heredoc.marker.range,
        help: ["\(line.keyword.text.uppercased()) makes a file of that name; write a name without blanks"])
    }
    return transfer.heredocs.count == line.heredocs.count ? transfer : nil
  }

  private mutating func reportTooFewPaths(_ words: [Word], _ line: InstructionLine) {
    let name = line.keyword.text.uppercased()
    if let only = words.first {
      report(
        "missing-argument", "\(name) needs a source and a destination", at: only.range,
        help: ["is '\(only.text)' the source? Write the destination behind it, such as ."])
    } else {
      reportMissingArgument(line, "a source and a destination")
    }
  }
}
