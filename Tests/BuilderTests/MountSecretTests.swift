import Diagnostics
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

/// Secrets: there for the command, and nowhere else.
struct MountSecretTests {
  private let bench: MountBench

  init() async throws {
    var bench = try await MountBench()
    try bench.scratch.write(["token": "s3cr3t-t0ken\n"])
    bench.secrets = ["token": .file(bench.scratch("token")), "short": .bytes(Array("x1".utf8))]
    self.bench = bench
  }

  @Test func aSecretIsAFileInMemory() async throws {
    let secret = MountBench.secret("token", at: "/run/secrets/token")
    let script = "stat -c '%a %u %g' /run/secrets/token; wc -c </run/secrets/token; echo x >/run/secrets/token; true"
    let outcome = try await bench.build(bench.run(script, [secret]))
    #expect(outcome.log.hasPrefix("400 0 0\n13\n"))
    #expect(outcome.log.contains("Read-only file system"))
    #expect(try bench.layer(of: outcome) == [])
    try await expectNoTrace()
  }

  @Test func aSecretHasTheModeAndOwnerThatWereAskedFor() async throws {
    let secret = MountBench.secret("token", at: "/home/app/.token") {
      $0.mode = 0o440
      $0.uid = 1000
      $0.gid = 1000
    }
    let outcome = try await bench.build(
      bench.run("stat -c '%a %u %g' /home/app/.token; wc -l </home/app/.token", [secret]) { $0.user = "app" })
    #expect(outcome.log == "440 1000 1000\n1\n")
    #expect(try bench.layer(of: outcome) == [])
  }

  @Test func aSecretMayBeAVariable() async throws {
    let script = "[ \"${TOKEN%?}\" = s3cr3t-t''0ken ] && echo same; echo ${#TOKEN}; ls -A /run"
    let secret = MountBench.secret("token", at: nil, variable: "TOKEN")
    let outcome = try await bench.build(bench.run(script, [secret]) { $0.environment.append("TOKEN=other") })
    // The line break at the end is a part of it, as in BuildKit.
    #expect(outcome.log == "same\n13\n")
    try await expectNoTrace()
  }

  @Test func bothAFileAndAVariable() async throws {
    let secret = MountBench.secret("token", at: "/t", variable: "TOKEN")
    let outcome = try await bench.build(bench.run("[ \"$TOKEN\" = \"$(cat /t)\n\" ] && echo same", [secret]))
    #expect(outcome.log == "same\n")
  }

  @Test func theOutputDoesNotShowSecrets() async throws {
    let secret = MountBench.secret("token", at: "/t", variable: "TOKEN")
    let script =
      "cat /t; echo \"a $TOKEN\" >&2; for c in s 3 c r 3 t - t 0 k e n; do printf $c; done; echo; "
      + "printf s3cr; cat /t; exit 1"
    let failure = try await bench.failure(bench.run(script, [secret]))
    let shown = failure.notes.map(\.message).joined()
    #expect(!shown.contains("t0ken"))
    #expect(shown.contains("a ***"))
    #expect(shown.contains("s3cr***"))
  }

  @Test func aSecretThatNobodyGaveIsAbsent() async throws {
    let mounts = [
      MountBench.secret("nothing", at: "/run/secrets/nothing"), MountBench.secret("other", at: nil, variable: "OTHER"),
    ]
    let outcome = try await bench.build(bench.run("ls -A /run; echo \"<$OTHER>\"", mounts))
    #expect(outcome.log == "<>\n")
    #expect(try bench.layer(of: outcome) == [])
  }

  @Test func aRequiredSecretIsAskedForAtTheMount() async throws {
    let failure = try await bench.failure(
      bench.run("true", [MountBench.secret("tokem", at: "/t", isRequired: true)]))
    #expect(failure.code == "secret-missing")
    #expect(failure.annotation == MountBench.place)
    #expect(failure.help.first == "did you mean token?")
    #expect(failure.help.last?.contains("--secret id=tokem,src=FILE") == true)
  }

  @Test func secretsThatCannotBeReadAreToldAtTheMount() async throws {
    var bench = bench
    bench.secrets["gone"] = .file(bench.scratch("no/such"))
    bench.secrets["long"] = .bytes([UInt8](repeating: 65, count: SecretSource.limit + 1))
    bench.secrets["binary"] = .bytes([65, 0xFF, 65])
    for (id, variable, code) in [
      ("gone", nil, "file-not-found"), ("long", nil, "secret-too-long"), ("binary", "B", "secret-not-text"),
    ] as [(String, String?, DiagnosticCode)] {
      let failure = try await bench.failure(bench.run("true", [MountBench.secret(id, at: "/t", variable: variable)]))
      #expect(failure.code == code)
      #expect(failure.annotation == MountBench.place)
    }
    let binary = try await bench.build(bench.run("wc -c </t", [MountBench.secret("binary", at: "/t")]))
    #expect(binary.log == "3\n")
  }

  @Test func anotherValueIsNoOtherCommand() async throws {
    var bench = bench
    let id = bench.run("echo ran", [MountBench.secret("token", at: "/t", variable: "T", isRequired: true)])
    #expect(try await bench.build(id).cached == [])
    bench.secrets["token"] = .bytes(Array("another".utf8))
    #expect(try await bench.build(id).cached == ["echo ran"])
    bench.secrets = [:]
    #expect(try await bench.build(id).cached == ["echo ran"])
  }

  /// Neither the value nor its hash is anywhere in the store.
  private func expectNoTrace() async throws {
    let found = try await Tool.attempt("grep", ["-r", "-a", "-l", "t0ken", bench.store.root.string])
    #expect(found.outputText == "")
    #expect(try await bench.stored("work") == [])
  }
}
