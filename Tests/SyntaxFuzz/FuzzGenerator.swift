/// SplitMix64: the same seed gives the same numbers on every machine.
struct FuzzNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// Makes texts to be parsed: by the grammar, by damaging what there is, and by both.
struct FuzzGenerator {
  private var numbers: FuzzNumbers
  private let corpus: [[UInt8]]

  /// Each input has numbers of its own, so that it can be had again without those before it.
  init(seed: UInt64, input: UInt64, corpus: [[UInt8]]) {
    self.numbers = FuzzNumbers(state: seed &* 0x1_0000_0001 &+ input &* 0x9E37_79B9)
    self.corpus = corpus
  }

  mutating func next() -> [UInt8] {
    switch number(below: 8) {
    case 0, 1, 2: return dockerfile()
    case 3, 4: return mutated(dockerfile())
    case 5: return mutated(spliced())
    default: return mutated(corpus.randomElement(using: &numbers) ?? [])
    }
  }

  mutating func number(below end: Int) -> Int { Int.random(in: 0..<max(1, end), using: &numbers) }

  mutating func variables() -> [String: String] {
    let names = ["X", "a", "PATH", "EMPTY", "é", "1"]
    let values = ["", "value", "a*b/c", "two words", "${X}", "\\*\"'", "a\nb", String(repeating: "x/", count: 40)]
    return Dictionary(uniqueKeysWithValues: names.map { ($0, values.randomElement(using: &numbers) ?? "") })
  }

  // MARK: Damage

  private static let snippets: [[UInt8]] =
    [
      "\\", "\\\n", "`", "\n", "\r\n", "\"", "'", "<<EOF", "<<-\"E F\"", "3<<'A'", "\nEOF\n", "$", "${", "${X:-", "}",
      "${X//a/b}", "${X%%*}", "${X:?", "[", "]", "[\"a\"", ",", "--", "--mount=type=", "--from=", "=", " ", "\t", "#",
      "# escape=`\n", "# check=skip=all\n", "#!x\n", "FROM a\n", "FROM a AS b\n", "RUN ", "COPY ", "ONBUILD ",
      "HEALTHCHECK ", "ENV ", "\u{A0}", "\u{2028}", "é", "😀", "\0", "\u{FEFF}", "999999999999999999999h", "*", "**/",
      "!", "{\"a\":[", "\\u12", "\\ud83d", "\\\\", "e\u{301}",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xE2, 0x80], [0xF4, 0x90, 0x80, 0x80]]

  private mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<(1 + number(below: 8)) {
      let position = number(below: bytes.count + 1)
      let end = min(bytes.count, position + number(below: number(below: 20) == 0 ? 400 : 12))
      switch number(below: 7) {
      case 0: bytes.removeSubrange(position..<end)
      case 1: bytes.insert(contentsOf: Array(bytes[position..<end]), at: number(below: bytes.count + 1))
      case 2: bytes.insert(UInt8(number(below: 256)), at: position)
      case 3 where position < bytes.count: bytes[position] ^= UInt8(1 << number(below: 8))
      case 4:
        let snippet = Self.snippets.randomElement(using: &numbers) ?? []
        let count = number(below: 10) == 0 ? number(below: 200) : 1
        for _ in 0..<count { bytes.insert(contentsOf: snippet, at: position) }
      default: bytes.insert(contentsOf: Self.snippets.randomElement(using: &numbers) ?? [], at: position)
      }
    }
    return Array(bytes.prefix(200_000))
  }

  /// The beginning of one text and the end of another.
  private mutating func spliced() -> [UInt8] {
    let (left, right) = (corpus.randomElement(using: &numbers) ?? [], corpus.randomElement(using: &numbers) ?? [])
    return Array(left.prefix(number(below: left.count + 1)) + right.suffix(number(below: right.count + 1)))
  }

  // MARK: Grammar

  private mutating func pick(_ choices: String...) -> String { choices.randomElement(using: &numbers) ?? "" }

  private mutating func dockerfile() -> [UInt8] {
    var text = ""
    if number(below: 6) == 0 { text += pick("# escape=`\n", "# syntax=a\n", "# check=skip=all;error=true\n", "#!sh\n") }
    if number(below: 3) == 0 { text += "ARG \(pair())\n" }
    for _ in 0..<(1 + number(below: 3)) {
      text += from()
      for _ in 0..<number(below: 8) { text += instruction() }
    }
    return Array(text.utf8)
  }

  private mutating func from() -> String {
    let name = number(below: 2) == 0 ? " \(pick("AS", "as")) \(pick("b", "Build", "s1", "scratch"))" : ""
    return comment()
      + "\(pick("FROM", "from")) \(pick("", "", "--platform=\(word()) "))\(pick("a", "b", "scratch", word()))\(name)\n"
  }

  private mutating func comment() -> String {
    number(below: 8) == 0 ? "# \(pick("b text", "check=skip=UndefinedVar", "X what", "plain"))\n" : ""
  }

  private mutating func instruction() -> String {
    comment() + (number(below: 12) == 0 ? "ONBUILD " : "") + body()
  }

  private mutating func body() -> String {
    switch number(below: 16) {
    case 0: return "RUN \(mounts())\(command())\n"
    case 1: return "RUN \(mounts())\(heredocs(inLine: pick("", "cat ")))"
    case 2: return "COPY \(flags("chown", "chmod", "from", "link", "parents", "exclude"))\(words())\n"
    case 3: return "COPY \(heredocs(inLine: ""))"
    case 4: return "ADD \(flags("checksum", "unpack", "keep-git-dir", "chown"))\(words())\n"
    case 5, 6: return "\(pick("ENV", "LABEL")) \(pick("\(pair()) \(pair())", pair(), "\(word()) \(word())"))\n"
    case 7: return "ARG \(pick(word(), pair(), "\(pair()) \(pair())"))\n"
    case 8: return "\(pick("CMD", "ENTRYPOINT", "SHELL")) \(command())\n"
    case 9: return "HEALTHCHECK \(flags("interval", "timeout", "retries"))\(pick("CMD \(command())", "NONE"))\n"
    case 10: return "EXPOSE \(pick("80", "80/TCP", "1:2/udp", word())) \(word())\n"
    case 11: return "VOLUME \(pick(words(), "[\"\(word())\"]"))\n"
    case 12: return "\(pick("WORKDIR", "USER", "STOPSIGNAL", "MAINTAINER")) \(word())\n"
    case 13: return "\(pick("RNU", "CPOY", word())) \(words())\n"
    case 14: return "RUN \(word()) \\\n\(pick("", "\n", "# x\n"))  \(word()) \\ \n \(word())\n"
    default: return "WORKDIR \(pick("/a", "b", "$X"))\n"
    }
  }

  private mutating func mounts() -> String {
    guard number(below: 3) == 0 else { return pick("", "", "--network=none ", "--security=x ", "--device=\(word()) ") }
    var mount = "--mount=type=\(pick("bind", "cache", "tmpfs", "secret", "ssh", "no", "$X"))"
    for _ in 0..<number(below: 5) {
      mount +=
        ",\(pick("target", "source", "from", "id", "ro", "mode", "uid", "size", "sharing", "env", "required", "x"))"
      if number(below: 4) > 0 { mount += "=\(pick("1", "/x", "0700", "64m", "true", "locked", word()))" }
    }
    return mount + " "
  }

  private mutating func flags(_ names: String...) -> String {
    var text = ""
    for _ in 0..<number(below: 3) {
      text += "--\(names.randomElement(using: &numbers) ?? "")\(pick("", "=\(word())", "=true", "=1s", "=0:0")) "
    }
    return text
  }

  private mutating func heredocs(inLine start: String) -> String {
    let names = (0..<(1 + number(below: 3))).map { _ in pick("A", "B", "E F", "x") }
    let markers = names.map { name in
      pick("<<", "<<-", "3<<") + (name.contains(" ") ? "'\(name)'" : pick(name, "\"\(name)\"", "'\(name)'"))
    }
    var text = start + markers.joined(separator: " ") + pick("", " /x", " > y") + "\n"
    for name in names {
      for _ in 0..<number(below: 4) { text += "\(pick("", "\t"))\(word()) \(expansion())\n" }
      if number(below: 10) > 0 { text += "\(name)\n" }
    }
    return text
  }

  private mutating func command() -> String {
    pick(
      "[\"\(word())\", \"\(expansion())\"]", "\(word()) \(word())", "['a', 1]", "[\"a\", {\"b\": [null]}]", "[ -f x ]",
      "")
  }

  private mutating func words() -> String { (0..<number(below: 5)).map { _ in word() }.joined(separator: " ") }

  private mutating func pair() -> String { "\(pick("X", "a", "TOKEN", expansion()))=\(word())" }

  private mutating func word() -> String {
    (0..<(1 + number(below: 3))).map { _ in
      pick("a", "src/", "*.go", "é", "\"\(expansion())\"", "'b c'", "\\ ", expansion(), "[a-c]", "\"", "x")
    }.joined()
  }

  private mutating func expansion(depth: Int = 0) -> String {
    guard depth < 6 else { return "$X" }
    let name = pick("X", "a", "PATH", "EMPTY", "UNSET", "é", "1", "", "@")
    switch number(below: 6) {
    case 0: return "$\(name)"
    case 1: return "${\(name)}"
    case 2:
      return "${\(name)\(pick(":", ""))\(pick("-", "+", "?", "#", "##", "%", "%%", "="))\(expansion(depth: depth + 1))}"
    case 3: return "${\(name)/\(pick("", "/"))\(pick("a", "*", "?b", expansion(depth: depth + 1)))/\(pick("", "c"))}"
    case 4: return "${\(name):-\(pick("a*", "\\}", "\"q\"", expansion(depth: depth + 1)))"
    default: return "$"
    }
  }
}
