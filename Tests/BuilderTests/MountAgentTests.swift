import Diagnostics
import Glibc
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

/// SSH agents for commands, with OpenSSH's own.
@Suite(.timeLimit(.minutes(2))) struct MountAgentTests {
  private let bench: MountBench

  init() async throws {
    bench = try await MountBench()
    // Programs of the host, with their libraries, to be asked from inside.
    try await Tool.run("sh", ["-c", Self.copyPrograms, "sh", bench.context.string])
  }

  private static let copyPrograms = """
    set -e
    cd "$1"
    for program in "$(command -v ssh-add)" /bin/sh /bin/cat /usr/bin/id; do
      cp -L --parents "$program" .
      ldd "$program" | grep -o '/[^ )]*' | while read -r library; do cp -L --parents "$library" .; done
    done
    """

  private func programs() -> ExecMount { MountBench.bind(bench.contextVertex(), at: "/host") }

  /// Asks the host's programs, whose loader and libraries are not where they look for them.
  private static let add =
    "H=/host; L=$(ls $H/lib64/ld-* $H/lib/ld-linux* 2>/dev/null | head -1); "
    + "P=$(find $H -type d -name '*-linux-gnu*' | tr '\\n' ':'); "
    + "add() { $L --library-path $P $H/usr/bin/ssh-add \"$@\" 2>&1; }; "

  private func withAgent(_ body: (FilePath) async throws -> Void) async throws {
    try await SSHAgent.run(in: bench.scratch) { agent in
      try await body(agent.socket)
      // Whatever the command tried, the agent is as it was.
      #expect(try await agent.keys().contains("a-test-key"))
    }
  }

  @Test func commandsListKeysAndCannotChangeTheAgent() async throws {
    let programs = programs()
    try await withAgent { socket in
      var bench = bench
      bench.agents["default"] = socket
      let script =
        Self.add + "stat -c '%F %a %u %g' $SSH_AUTH_SOCK; add -l; add -D; add -d /nothing; add -l; echo end"
      let outcome = try await bench.build(bench.run(script, [programs, MountBench.ssh()]))
      #expect(outcome.log.hasPrefix("socket 600 0 0\n"))
      #expect(outcome.log.split(separator: "\n").count { $0.contains("a-test-key") } == 2)
      #expect(outcome.log.hasSuffix("end\n"))
      #expect(try bench.layer(of: outcome) == [])
      #expect(try await bench.stored("work") == [])
    }
  }

  @Test func agentsHaveOwnersAndIdsOfTheirOwn() async throws {
    let programs = programs()
    try await withAgent { socket in
      var bench = bench
      bench.agents["default"] = socket
      bench.agents["other"] = socket
      let mounts = [
        programs, MountBench.ssh(),
        MountBench.ssh("other", at: "/agents/other") {
          $0.mode = 0o660
          $0.uid = 4242
          $0.gid = 1000
        },
      ]
      let script =
        Self.add + "echo $SSH_AUTH_SOCK; stat -c '%a %u %g' /agents/other; add -l; SSH_AUTH_SOCK=/agents/other add -l"
      let outcome = try await bench.build(bench.run(script, mounts) { $0.user = "app" })
      let lines = outcome.log.split(separator: "\n").map(String.init)
      #expect(Array(lines.prefix(2)) == ["/run/buildkit/ssh_agent.0", "660 4242 1000"])
      #expect(lines.count == 4)
      // The first one is root's; the second is for the group too.
      #expect(lines.indices.contains(2) && lines[2].contains("ermission denied"))
      #expect(lines.last?.contains("a-test-key") == true)
    }
  }

  @Test func agentsThatNobodyGaveAreAbsentOrRequired() async throws {
    let outcome = try await bench.build(bench.run("echo $SSH_AUTH_SOCK; ls -A /run", [MountBench.ssh()]))
    #expect(outcome.log == "/run/buildkit/ssh_agent.0\n")
    #expect(try bench.layer(of: outcome) == [])
    let failure = try await bench.failure(bench.run("true", [MountBench.ssh("github", isRequired: true)]))
    #expect(failure.code == "ssh-agent-missing")
    #expect(failure.annotation == MountBench.place)
    #expect(failure.help.first?.contains("--ssh github=SOCKET") == true)
  }

  @Test func whatIsNoAgentIsToldAtTheMount() async throws {
    var bench = bench
    try bench.scratch.write(["key": "-----BEGIN OPENSSH PRIVATE KEY-----\n", "folder": .directory()])
    bench.agents["key"] = bench.scratch("key")
    bench.agents["folder"] = bench.scratch("folder")
    bench.agents["gone"] = bench.scratch("gone")
    bench.agents["silent"] = try silentSocket()
    for (id, code, help) in [
      ("key", "ssh-key-file", "ssh-add"), ("folder", "ssh-agent-no-socket", "SSH_AUTH_SOCK"),
      ("gone", "file-not-found", ""), ("silent", "ssh-agent-silent", "ssh-agent"),
    ] as [(String, DiagnosticCode, String)] {
      let failure = try await bench.failure(bench.run("true", [MountBench.ssh(id)]))
      #expect(failure.code == code)
      #expect(failure.annotation == MountBench.place)
      #expect(help.isEmpty || failure.help.joined().contains(help))
    }
  }

  /// The socket of an agent that has ended.
  private func silentSocket() throws -> FilePath {
    let path = bench.scratch("silent")
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.string.utf8)) }
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw HostError("bind", path, .current) }
    return path
  }
}
