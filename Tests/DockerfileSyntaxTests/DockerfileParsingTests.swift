import Diagnostics
import DockerfileSyntax
import Testing

@Suite struct DockerfileParsingTests {
  static func instruction(_ text: String) throws -> Instruction {
    let file = SourceFile(name: "Dockerfile", text: "FROM scratch\n" + text + "\n")
    return try #require(try Dockerfile.parse(file).get().stages.first?.instructions.first)
  }

  @Test func resultThrowsEverythingThatIsWrong() {
    let file = SourceFile(name: "Dockerfile", text: "FROM a\nRUNN a\nWORKDIR\nRUN \\\n\n b\n")
    let error = #expect(throws: DockerfileSyntaxError.self) { try Dockerfile.parse(file).get() }
    #expect(error?.diagnostics.map(\.code) == ["unknown-instruction", "missing-argument", "no-empty-continuation"])
    #expect(error?.exitCode == .usage)
    #expect(error?.description.contains("--> Dockerfile:2:1") == true)
  }

  @Test func findsGlobalArgumentsAndDirectives() throws {
    let text = "# syntax=x/y:1\n# V the version\nARG V=1\nARG W\nFROM a:$V AS One\nFROM One\n"
    let dockerfile = try Dockerfile.parse(SourceFile(name: "Dockerfile", text: text)).get()
    #expect(dockerfile.globalArguments.flatMap { $0.declarations.map(\.name.text) } == ["V", "W"])
    #expect(dockerfile.directive(.syntax)?.value.text == "x/y:1")
    #expect(dockerfile.directive(.check) == nil)
    #expect(dockerfile.stages.map(\.name) == ["one", nil])
    #expect(dockerfile.preamble.first?.comments.description(of: "V") == "the version")
    #expect(dockerfile.preamble.first?.comments.description(of: "W") == nil)
    #expect(dockerfile.preamble.first?.comments.description(of: "") == nil)
  }

  // MARK: RUN

  @Test(arguments: [
    ("RUN echo $X", RunInstruction.Invocation.shell("echo $X")),
    ("RUN [\"a\", \"$X\"]", .exec(["a", "$X"])),
    ("RUN", .shell("")),
    ("RUN <<EOF\necho a\nEOF", .shell("echo a\n")),
    ("RUN <<-EOF\n\techo a\n\t\techo b\n\tEOF", .shell("echo a\necho b\n")),
    ("RUN <<'my file'\n#!/bin/x\na\nmy file", .script(name: "my file", content: "#!/bin/x\na\n")),
    ("RUN cat <<-A - <<B\n\ta\n\tA\nb\nB", .shell("cat <<-A - <<B\n\ta\nA\nb\nB")),
    ("RUN <<A <<B\na\nA\nb\nB", .shell("<<A <<B\na\nA\nb\nB")),
    ("RUN --network=none <<EOF\necho a\nEOF", .shell("echo a\n")),
  ])
  func tellsWhatToExecute(_ text: String, _ expected: RunInstruction.Invocation) throws {
    guard case .run(let run) = try Self.instruction(text).kind else {
      Issue.record("no RUN")
      return
    }
    #expect(run.invocation == expected)
  }

  private func cacheMount(_ options: String) throws -> CacheMount {
    guard case .run(let run) = try Self.instruction("RUN --mount=type=cache,target=/x,\(options) true").kind,
      case .cache(let mount) = try #require(run.mounts.first).kind
    else {
      Issue.record("no cache mount")
      return CacheMount()
    }
    return mount
  }

  @Test func mountOptionsHaveValues() throws {
    let expansion = Expansion(file: SourceFile(name: "Dockerfile", text: ""))
    let environment = ["RW": "1", "MODE": "0700", "SHARING": "Private", "UID": "4294967295", "BAD": "x"]
    let mount = try cacheMount("rw=$RW,mode=$MODE,sharing=$SHARING,uid=$UID,gid=$BAD")
    #expect(try expansion.value(of: #require(mount.readOnly), in: environment) == false)
    #expect(try expansion.value(of: #require(mount.mode), in: environment) == FileMode(rawValue: 0o700))
    #expect(try expansion.value(of: #require(mount.sharing), in: environment) == .private)
    #expect(try expansion.value(of: #require(mount.uid), in: environment) == 4_294_967_295)
    let error = #expect(throws: DockerfileSyntaxError.self) {
      try expansion.value(of: #require(mount.gid), in: environment)
    }
    #expect(error?.diagnostics.first?.message == "'x' (from '$BAD') is no value for the mount option 'gid'")
    let readOnly = try cacheMount("ro")
    #expect(try expansion.value(of: #require(readOnly.readOnly), in: environment) == true)
  }

  @Test(
    arguments: [
      ("0", 0), ("512", 512), ("512b", 512), ("1k", 1024), ("64m", 67_108_864), ("1.5G", 1_610_612_736),
      ("1 GiB", 1_073_741_824), ("2tb", 2_199_023_255_552), ("", nil), ("m", nil), ("-1", nil), ("1x", nil),
      ("1.2.3", nil), ("99999999999p", nil), ("1kk", nil), (".5k", 512),
    ] as [(String, Int64?)])
  func readsByteCounts(_ text: String, _ expected: Int64?) {
    #expect(ByteCount(optionText: text)?.rawValue == expected)
  }

  // MARK: ONBUILD

  @Test func parsesTriggersOfImages() throws {
    let file = SourceFile(name: "trigger", text: "COPY <<EOF /x\ncontent\nEOF")
    let trigger = try Instruction.parse(file).get()
    guard case .copy(let copy) = trigger.kind else {
      Issue.record("no COPY")
      return
    }
    #expect(copy.heredocs.first?.content.text == "content\n")
  }

  @Test(arguments: [
    ("FROM a", "misplaced-from"), ("RUN a\nRUN b", "not-one-instruction"), ("", "not-one-instruction"),
    ("RNU a", "unknown-instruction"),
  ])
  func refusesWhatIsNoTrigger(_ text: String, _ code: DiagnosticCode) {
    let result = Instruction.parse(SourceFile(name: "trigger", text: text))
    #expect(result.value == nil)
    #expect(result.diagnostics.map(\.code) == [code])
  }

  // MARK: Words

  @Test func partsOfWordsHavePlaces() throws {
    let text = "FROM scratch\nENV A=one\\\ntwo\\\n# comment\nthree\n"
    let file = SourceFile(name: "Dockerfile", text: text)
    guard case .env(let env) = try Dockerfile.parse(file).get().stages[0].instructions[0].kind else {
      Issue.record("no ENV")
      return
    }
    let word = env.variables[0].value
    #expect(word.text == "onetwothree")
    #expect(file.text(in: word.range(of: 0..<3)) == "one")
    #expect(file.text(in: word.range(of: 3..<6)) == "two")
    #expect(file.text(in: word.range(of: 7..<11)) == "hree")
    #expect(file.text(in: word.range(of: 2..<4)) == "e\\\nt")
    #expect(word.range(of: -5..<500) == word.range)
    #expect(Word("x", range: SourceRange(0, 9)).range(of: 0..<1) == SourceRange(0, 9))
  }
}
