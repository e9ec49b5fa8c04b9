import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// What RUN gets from the command line.
@Suite struct CommandTests {
  private static let dockerfile: ScratchEntry = """
    ARG BASE
    FROM $BASE AS tools
    RUN mkdir /tools && echo tool >/tools/name
    FROM $BASE
    RUN --mount=type=bind,from=tools,source=/tools,target=/t --mount=type=bind,target=/src \\
      cat /t/name /src/note.txt >/out
    RUN --mount=type=secret,id=file --mount=type=secret,id=variable,env=VALUE \\
      cat /run/secrets/file && echo "it is $VALUE" && test -s /run/secrets/file
    RUN --mount=type=cache,target=/cache echo run >>/cache/count && wc -l </cache/count >>/out
    RUN --mount=type=tmpfs,target=/scratch touch /scratch/x && ulimit -n >>/out && grep -c extra.example /etc/hosts >>/out
    RUN --mount=type=ssh sh -c 'test -S "$SSH_AUTH_SOCK"' && df -k /dev/shm | awk 'NR == 2 { print $2 }' >>/out

    """

  @Test func mountsSecretsAgentsAndLimits() async throws {
    try await Workplace.use { place in
      try await SSHAgent.run(in: place.scratch) { agent in try await Self.build(at: place, with: agent) }
    }
  }

  @Test func aCommandHasATimeToRun() async throws {
    try await Workplace.use { place in
      let folder = try place.scratch.write(
        ["Dockerfile": "ARG BASE\nFROM $BASE\nRUN echo waiting && sleep 1000\n"], in: "context")
      let outcome = try await place.slipway.run([
        "build", "--build-arg", "BASE=\(place.base)", "--run-timeout", "1s", folder.string,
      ])
      expect(outcome, endsWith: 1)
      #expect(outcome.errorText.contains("error[run-timed-out]: the command took longer than 1s"))
      #expect(outcome.errorText.contains("Dockerfile:3:1"))
      #expect(outcome.errorText.contains("--run-timeout"))
    }
  }

  private static func build(at place: Workplace, with agent: SSHAgent) async throws {
    var binary = place.slipway
    binary.environment.variables["HUSH"] = "silent-value"
    let files: [String: ScratchEntry] = [
      "Dockerfile": dockerfile, "note.txt": "noted\n", "secret": "hushhush", ".dockerignore": "secret\n",
    ]
    let folder = try place.scratch.write(files, in: "context")
    let arguments = [
      "build", "--build-arg", "BASE=\(place.base)", "--secret", "id=file,src=\(folder)/secret", "--secret",
      "id=variable,env=HUSH", "--ssh", "default=\(agent.socket)", "--ulimit", "nofile=512:1024", "--add-host",
      "extra.example:10.9.8.7", "--shm-size", "8m", "--output", place.scratch("out").string, folder.string,
    ]
    let first = try await binary.run(arguments)
    expect(first)
    #expect(try text(place) == "tool\nnoted\n1\n512\n1\n8192\n")
    #expect(first.errorText.contains("it is ***"))
    for secret in ["hushhush", "silent-value"] { #expect(!first.errorText.contains(secret), "\(secret) is shown") }
    let held = try await Tool.attempt("grep", ["-rl", "silent-value", place.slipway.store.string])
    #expect(held.outputText.isEmpty, "a secret is in the store")

    // A cache mount is there in the next build; what it holds does not make a step run again.
    let again = try await binary.run(arguments)
    expect(again)
    #expect(again.errorText.components(separatedBy: "CACHED").count == 7)
    let fresh = try await binary.run(arguments + ["--no-cache"])
    expect(fresh)
    #expect(try text(place) == "tool\nnoted\n2\n512\n1\n8192\n")
  }

  private static func text(_ place: Workplace) throws -> String {
    String(decoding: try Files.read(place.scratch("out/out")), as: UTF8.self)
  }

  @Test func aRequiredSecretIsMissing() async throws {
    try await Workplace.use { place in
      let outcome = try await place.build([
        "Dockerfile": "ARG BASE\nFROM $BASE\nRUN --mount=type=secret,id=token,required=true true\n"
      ])
      expect(outcome, endsWith: 1)
      #expect(outcome.errorText.contains("--secret id=token"), "it was:\n\(outcome.errorText)")
      #expect(outcome.errorText.contains("Dockerfile:3:5"))
    }
  }
}
