import DockerCommandLine
import Testing

/// Words of a command line and what they mean, as docker takes them.
@Suite struct DockerParserTests {
  private func run(_ line: String) throws -> DockerInvocation {
    let words = line.split(separator: " ").map { $0 == "''" ? "" : String($0) }
    guard case .run(let invocation) = try DockerParser.parse(words) else { throw Unexpected(line: line) }
    return invocation
  }

  private struct Unexpected: Error { var line: String }

  @Test(arguments: [
    ("build -t a:1 --tag b .", "build", ["tag": ["a:1", "b"]], ["."]),
    ("build . -t x -f y", "build", ["tag": ["x"], "file": ["y"]], ["."]),
    ("build -f Dockerfile . -t x", "build", ["tag": ["x"], "file": ["Dockerfile"]], ["."]),
    ("build -f=d/Dockerfile -tx .", "build", ["tag": ["x"], "file": ["d/Dockerfile"]], ["."]),
    ("build -fx -t=a=b .", "build", ["file": ["x"], "tag": ["a=b"]], ["."]),
    ("build -qfx .", "build", ["file": ["x"], "quiet": ["true"]], ["."]),
    ("build --no-cache=false --pull=1 .", "build", ["no-cache": ["false"], "pull": ["true"]], ["."]),
    ("build --build-arg -f Dockerfile", "build", ["build-arg": ["-f"]], ["Dockerfile"]),
    ("build --build-arg A=1=2 --build-arg=B -", "build", ["build-arg": ["A=1=2", "B"]], ["-"]),
    ("image build -t x .", "build", ["tag": ["x"]], ["."]),
    ("buildx build --push --platform a,b .", "build", ["push": ["true"], "platform": ["a,b"]], ["."]),
    ("builder build .", "build", [:], ["."]),
    ("buildx --builder x b .", "build", ["builder": ["x"]], ["."]),
    ("build -o . git://h/r", "build", ["output": ["."]], ["git://h/r"]),
    ("build -- -t", "build", [:], ["-t"]),
    (
      "--config /c -H tcp://x -D -l debug tag a b", "tag",
      ["config": ["/c"], "host": ["tcp://x"], "debug": ["true"], "log-level": ["debug"]], ["a", "b"]
    ),
    ("login -u=AWS -p=x https://h", "login", ["username": ["AWS"], "password": ["x"]], ["https://h"]),
    (
      "login ghcr.io --username u --password-stdin", "login", ["username": ["u"], "password-stdin": ["true"]],
      ["ghcr.io"]
    ),
    (
      "login -u AWS -p x -e none https://h", "login",
      ["username": ["AWS"], "password": ["x"], "email": ["none"]], ["https://h"]
    ),
    ("push h/r --all-tags", "push", ["all-tags": ["true"]], ["h/r"]),
    ("push -aq h/r", "push", ["all-tags": ["true"], "quiet": ["true"]], ["h/r"]),
    (
      "run --rm -it -v /a:/b -w /b x npm test -t", "run",
      ["rm": ["true"], "interactive": ["true"], "tty": ["true"], "volume": ["/a:/b"], "workdir": ["/b"]],
      ["x", "npm", "test", "-t"]
    ),
    ("run -e A=1 -eB x -e C", "run", ["env": ["A=1", "B"]], ["x", "-e", "C"]),
    ("run -h box -it=false x", "run", ["hostname": ["box"], "interactive": ["true"], "tty": ["false"]], ["x"]),
    ("manifest create l --amend a --amend b", "manifest create", ["amend": ["true"]], ["l", "a", "b"]),
    ("image ls --format {{.Tag}}", "images", ["format": ["{{.Tag}}"]], []),
    ("container run x", "run", [:], ["x"]),
    (
      "compose -f a.yml --file b.yml build web --no-cache", "compose build",
      ["file": ["a.yml", "b.yml"], "no-cache": ["true"]], ["web"]
    ),
    ("save -o x.tar a b", "save", ["output": ["x.tar"]], ["a", "b"]),
    ("buildx imagetools create -t l a b", "buildx imagetools create", ["tag": ["l"]], ["a", "b"]),
    ("buildx create --use --name x", "buildx create", ["use": ["true"], "name": ["x"]], []),
    ("run x", "run", [:], ["x"]),
  ])
  func words(_ line: String, _ command: String, _ values: [String: [String]], _ arguments: [String]) throws {
    let invocation = try run(line)
    #expect(invocation.command.name == command)
    #expect(invocation.values == values)
    #expect(invocation.arguments == arguments)
  }

  @Test(arguments: [
    ("build --build-args=A=1 .", "unknown flag: --build-args\nSee 'docker build --help'.", 125),
    ("image build --x .", "unknown flag: --x\nSee 'docker image build --help'.", 125),
    ("build -Z .", "unknown shorthand flag: 'Z' in -Z\nSee 'docker build --help'.", 125),
    ("build . -qZ", "unknown shorthand flag: 'Z' in -qZ\nSee 'docker build --help'.", 125),
    ("build . -t", "flag needs an argument: 't' in -t\nSee 'docker build --help'.", 125),
    ("build . --tag", "flag needs an argument: --tag\nSee 'docker build --help'.", 125),
    (
      "build --no-cache=maybe .",
      "invalid argument \"maybe\" for \"--no-cache\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax\n"
        + "See 'docker build --help'.", 125
    ),
    (
      "push -q=x a",
      "invalid argument \"x\" for \"-q, --quiet\" flag: strconv.ParseBool: parsing \"x\": invalid syntax\n"
        + "See 'docker push --help'.", 125
    ),
    ("--x build", "unknown flag: --x\nSee 'docker --help'.", 125),
    ("biuld .", "docker: 'biuld' is not a docker command.\nSee 'docker --help'", 1),
    ("image biuld", "docker: unknown command: docker image biuld\n\nRun 'docker image --help' for more information", 1),
    (
      "build",
      "docker: 'docker build' requires 1 argument\n\nUsage:  docker build [OPTIONS] PATH | URL | -\n\n"
        + "See 'docker build --help' for more information", 1
    ),
    (
      "tag a",
      "docker: 'docker tag' requires 2 arguments\n\nUsage:  docker tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]\n\n"
        + "See 'docker tag --help' for more information", 1
    ),
    (
      "run --read-only x",
      "docker run: --read-only is not available: what a container writes changes no image; leave --read-only away", 125
    ),
    (
      "build --provenance=true .",
      "docker build: --provenance=true is not available: attestations are not made; leave it away", 125
    ),
    ("swarm init", "docker swarm is not available: there is no daemon that keeps services", 1),
  ])
  func mistakes(_ line: String, _ message: String, _ code: Int32) throws {
    let words = line.split(separator: " ").map(String.init)
    let error = #expect(throws: DockerUsageError.self) { try DockerParser.parse(words) }
    #expect(error?.message == message)
    #expect(error?.exitCode == code)
  }

  @Test func whatHasNoEffectIsAccepted() throws {
    let line = "build --load --progress plain --provenance=false --compress --rm --force-rm --memory 1g --sbom=false ."
    #expect(try run(line).warnings == [])
  }

  @Test func whatIsSwitchedOffIsAccepted() throws {
    #expect(try run("run --read-only=false --detach=false x").arguments == ["x"])
  }

  @Test func warningsAreGivenForWhatIsLost() throws {
    #expect(try run("run --privileged --memory 1g x").warnings.count == 2)
  }

  @Test(arguments: [["--help"], [], ["help"], ["image"], ["build", "--help"], ["help", "build"], ["run", "--help"]])
  func help(_ words: [String]) throws {
    guard case .help(let text) = try DockerParser.parse(words) else { throw Unexpected(line: "\(words)") }
    #expect(text.hasPrefix("Usage:  docker"))
  }

  @Test func version() throws {
    #expect(try DockerParser.parse(["--version"]) == .version)
    #expect(try DockerParser.parse(["-v"]) == .version)
  }

  /// No name means two things, and no flag is there twice.
  @Test func tableIsSound() {
    let names = DockerTable.commands.flatMap(\.names)
    #expect(Set(names).count == names.count)
    for command in DockerTable.commands {
      let flags = command.flags.map(\.name)
      #expect(Set(flags).count == flags.count, "\(command.name)")
      let shorts = command.flags.compactMap(\.short)
      #expect(Set(shorts).count == shorts.count, "\(command.name)")
    }
  }
}
