import HostOS
import SystemPackage
import TestSupport
import Testing

/// `--on-error shell`, on real terminals.
@Suite(.timeLimit(.minutes(2))) struct FailureShellTests {
  private static let invitation = "leave it to end the build."

  private func arguments(_ dockerfile: String, _ place: Workplace, _ options: [String] = []) throws -> [String] {
    let context = try place.scratch.write(["Dockerfile": .init(stringLiteral: dockerfile)], in: "context")
    return ["build", "--progress", "plain", "--on-error", "shell", "--build-arg", "BASE=\(place.base)"] + options
      + [context.string]
  }

  /// What appears on the terminal, and how the build ends.
  private func build(
    _ dockerfile: String, _ turns: [TerminalSession.Turn], _ place: Workplace, _ options: [String] = []
  ) async throws -> ChildProcess.Outcome {
    try await TerminalSession(turns).run(
      place.slipway.executable.string, try arguments(dockerfile, place, options),
      environment: place.slipway.environment)
  }

  private func type(_ text: String) -> TerminalSession.Turn { .init(after: Self.invitation, type: text) }

  @Test(arguments: ["userns", "chroot"]) func aShellOpensWhereACommandFailed(_ isolation: String) async throws {
    try await Workplace.use { place in
      let token = place.scratch("token")
      try Files.writeAtomically(Array("t0ken".utf8), to: token)
      let dockerfile = """
        ARG BASE
        FROM $BASE
        ENV NAME=value
        WORKDIR /work
        RUN mkdir /open && chmod 777 /open
        USER app
        RUN --mount=type=cache,target=/c,uid=1000 --mount=type=secret,id=token,mode=444 \
          echo left-behind >/open/file && exit 3
        RUN never

        """
      let look = """
        cat /open/file; echo "user=$(id -u) folder=$PWD name=$NAME secret=$(cat /run/secrets/token)"; \
        ls -d /c; test -t 0 && test -t 1 && echo on-a-ter""minal >/dev/tty; echo "size=$(stty size)"; exit 5

        """
      let outcome = try await build(
        dockerfile, [type(look)], place, ["--isolation", isolation, "--secret", "id=token,src=\(token)"])
      let text = outcome.terminalText
      #expect(outcome.status == 1, "\(text)")
      for expected in [
        "\nleft-behind\n", "folder=/work name=value secret=t0ken", "\n/c\n", "\non-a-terminal\n", "\nsize=50 132\n",
        "the command exited with code 3",
      ] {
        #expect(text.contains(expected), "no \(expected) in:\n\(text)")
      }
      #expect(!text.contains("user=0"))
      #expect(!text.contains("] RUN never"))
      // Nothing of it is kept.
      #expect(!(try await place.storeContents()).contains("/work/"))
    }
  }

  @Test func aPlainUserGetsOneToo() async throws {
    try await Workplace.use { place in
      let arguments = try arguments("ARG BASE\nFROM $BASE\nRUN echo left-behind >/file && false\n", place)
      try await PlainUser.use { user in
        var variables = place.slipway.environment.variables
        // A python3 of root's home is out of this user's reach.
        variables["PATH"] = "/usr/bin:/bin"
        variables["SLIPWAY_ROOT"] = user.home.appending("store").string
        let command = try TerminalSession([type("cat /file; id -u; exit\n")]).command(
          place.slipway.executable.string, arguments)
        let outcome = try await user.run(
          command[0], Array(command.dropFirst()), environment: Environment(variables))
        #expect(outcome.status == 1, "\(outcome.outputText)")
        #expect(
          outcome.terminalText.contains("\nleft-behind\n") && outcome.terminalText.contains("\n0\n"),
          "\(outcome.outputText)\(outcome.errorText)")
      }
    }
  }

  @Test func keysReachTheShellAndTheTerminalIsAsBeforeAfterwards() async throws {
    try await Workplace.use { place in
      let context = try arguments("ARG BASE\nFROM $BASE\nRUN false\n", place)
      let script = "\"$@\"; echo \"status=$?\"; stty -a | grep -o ' icanon'; stty -a | grep -o ' echo '"
      let outcome = try await TerminalSession([
        // What is typed before busybox has set up its line editor, for each line anew, it throws away.
        .init(after: Self.invitation, type: ""),
        // The command says itself that it waits: an interrupt that comes before the shell has started it is the shell's.
        .init(after: "/ # ", type: "sh -c 'echo wai\"\"ting; exec sleep 100000'\n"),
        .init(after: "waiting", type: "\u{3}"),
        .init(after: "^C", type: ""), .init(after: "/ # ", type: "echo inter''rupted\n"),
        .init(after: "interrupted", type: ""),
        .init(
          after: "/ # ", type: "until test \"$(stty size)\" = '50 99'; do :; done; echo resi''zed; exit\n",
          columns: 99),
      ]).run(
        "sh", ["-c", script, "sh", place.slipway.executable.string] + context, environment: place.slipway.environment)
      #expect(outcome.terminalText.contains("\nresized\n"), "\(outcome.outputText)")
      #expect(outcome.terminalText.contains("status=1\n icanon\n echo "), "\(outcome.outputText)")
    }
  }

  /// The shell of the stage where there is one, else /bin/sh, else none.
  @Test func theShellIsThatOfTheStage() async throws {
    try await Workplace.use { place in
      let own = try await build(
        "ARG BASE\nFROM $BASE\nSHELL [\"/bin/ash\", \"-c\"]\nRUN false\n",
        [type("echo shell=$0; exit\n")], place)
      #expect(own.terminalText.contains("\nshell=/bin/ash\n"), "\(own.outputText)")
      let gone = try await build(
        "ARG BASE\nFROM $BASE\nSHELL [\"/bin/other\", \"-c\"]\nRUN [\"/bin/false\"]\n",
        [type("echo shell=$0; exit\n")], place)
      #expect(gone.terminalText.contains("\nshell=/bin/sh\n"), "\(gone.outputText)")
      let none = try await build(
        "ARG BASE\nFROM $BASE\nRUN rm -f /bin/sh; exit 1\n", [], place)
      #expect(none.status == 1)
      #expect(none.outputText.contains("warning[no-shell]"), "\(none.outputText)")
      #expect(none.outputText.contains("the image has no /bin/sh"), "\(none.outputText)")
    }
  }

  @Test func theFailureOfAnotherStepLeavesTheShellOpen() async throws {
    try await Workplace.use { place in
      let dockerfile = """
        ARG BASE
        FROM $BASE AS other
        RUN --mount=type=cache,target=/c until test -e /c/go; do :; done; echo >/c/end; exit 4
        FROM $BASE
        RUN --mount=type=cache,target=/c echo here >/here; exit 3
        COPY --from=other /etc/passwd /

        """
      let outcome = try await build(
        dockerfile,
        [
          type("echo >/c/go; until test -e /c/end; do :; done; echo the other has en''ded\n"),
          .init(after: "the other has ended", type: "cat /here; echo still the''re; exit\n"),
        ], place, ["--jobs", "2"])
      #expect(outcome.status == 1)
      #expect(outcome.terminalText.contains("\nhere\nstill there\n"), "\(outcome.outputText)")
    }
  }

  @Test func withoutATerminalItIsRefusedBeforeAnythingIsDone() async throws {
    try await Workplace.use { place in
      let outcome = try await place.slipway.run(try arguments("FROM nowhere.invalid/base\nRUN false\n", place))
      expect(outcome, endsWith: 2)
      #expect(outcome.errorText.contains("error[no-terminal]"), "\(outcome.errorText)")
      let wrong = try await place.slipway.run(["build", "--on-error", "ask", place.scratch.path.string])
      expect(wrong, endsWith: 2)
      #expect(wrong.errorText.contains("--on-error is \"ask\""), "\(wrong.errorText)")
    }
  }
}

extension ChildProcess.Outcome {
  /// What appeared on a terminal, with line breaks as files have them.
  fileprivate var terminalText: String { outputText.replacing("\r\n", with: "\n") }
}
