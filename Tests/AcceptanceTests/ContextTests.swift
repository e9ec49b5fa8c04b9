import Diagnostics
import HostOS
import SystemPackage
import TestSupport
import Testing

/// All that may stand in the place of a context, of a Dockerfile, and of the stages and images that it names.
@Suite struct ContextTests {
  private static let files: [String: ScratchEntry] = [
    "context/Dockerfile": "FROM scratch\nCOPY note.txt /\n", "context/note.txt": "ahoy\n",
    "context/.dockerignore": "Dockerfile\n", "context/deploy/Web.dockerfile": "FROM scratch\nCOPY note.txt /web\n",
  ]

  private struct Place {
    let scratch: Scratch
    let slipway: SlipwayBinary

    /// Builds into a folder, where these files have to be then, and no others.
    func expect(_ files: String, from arguments: [String], input: [UInt8] = []) async throws {
      let out = scratch("out")
      try Files.removeTree(out)
      let outcome = try await slipway.run(
        ["build", "--output", out.string] + arguments, in: scratch.path, input: input)
      AcceptanceTests.expect(outcome)
      let found = try await Tool.output(
        "sh", ["-c", "find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs"], in: out)
      #expect(found == files)
    }
  }

  private static func use(_ body: (Place) async throws -> Void) async throws {
    try await Scratch.use("contexts") { scratch in
      try scratch.write(files)
      try await body(Place(scratch: scratch, slipway: try SlipwayBinary(scratch)))
    }
  }

  @Test func dockerfilesComeFromAnywhere() async throws {
    try await Self.use { place in
      try await place.expect("note.txt", from: ["context"])
      try await place.expect("web", from: ["--file", "context/deploy/Web.dockerfile", "context"])
      let text = Array("FROM scratch\nCOPY note.txt /input\n".utf8)
      try await place.expect("input", from: ["--file", "-", "context"], input: text)
      let alone = Array("FROM scratch\nCOPY <<EOF /alone\nEOF\n".utf8)
      try await place.expect("alone", from: ["-"], input: alone)
    }
  }

  @Test func archivesAreContexts() async throws {
    try await Self.use { place in
      for (option, name) in [("", "c.tar"), ("z", "c.tar.gz"), ("J", "c.tar.xz")] {
        let archive = place.scratch(name)
        try await Tool.run("tar", ["-C", "context", "-c\(option)f", name, "."], in: place.scratch.path)
        try await place.expect("note.txt", from: [name])
        try await place.expect("note.txt", from: ["-"], input: Files.read(archive))
        try await place.expect("web", from: ["--file", "deploy/Web.dockerfile", "-"], input: Files.read(archive))
      }
      #expect(try Files.names(in: place.slipway.store.appending("work")).isEmpty)
    }
  }

  @Test func urlsAreContextsDockerfilesAndSources() async throws {
    try await Self.use { place in
      try await Tool.run("tar", ["-C", "context", "-czf", "c.tar.gz", "."], in: place.scratch.path)
      let archive = try Files.read(place.scratch("c.tar.gz"))
      let answers: [String: [UInt8]] = [
        "/c.tar.gz": archive, "/Dockerfile": Array("FROM scratch\nCOPY note.txt /url\n".utf8),
      ]
      let handler: WebServer.Handler = { answers[$0.path].map { .init(body: $0) } ?? .init(404) }
      try await WebServer.serving(handler) { _, port in
        let host = "http://127.0.0.1:\(port)"
        try await place.expect("note.txt", from: ["\(host)/c.tar.gz"])
        try await place.expect("url", from: ["--file", "\(host)/Dockerfile", "context"])
        let add = Array("FROM scratch\nADD \(host)/c.tar.gz /\nADD --unpack=true \(host)/c.tar.gz /u/\n".utf8)
        try await place.expect(
          "c.tar.gz u/.dockerignore u/Dockerfile u/deploy/Web.dockerfile u/note.txt", from: ["-"], input: add)
        let from = Array("FROM scratch\nCOPY --from=there note.txt /named\n".utf8)
        try await place.expect("named", from: ["--build-context", "there=\(host)/c.tar.gz", "-"], input: from)
      }
    }
  }

  @Test func repositoriesAreContexts() async throws {
    try await Self.use { place in
      let host = try GitHost(in: place.scratch("repositories"))
      let work = try await host.create("app")
      try await Tool.run("cp", ["-R", "context/.", work.string], in: place.scratch.path)
      try await host.commit(work)
      try await host.git(["branch", "other"], in: work)
      try place.scratch.write(
        ["sub/note.txt": "sub\n", "sub/Dockerfile": .file("FROM scratch\nCOPY note.txt /\n")],
        in: "repositories/work-app")
      try await host.commit(work)
      try await WebServer.serving({ try await host.answer($0) }) { _, port in
        let host = "http://127.0.0.1:\(port)"
        try await place.expect("note.txt", from: ["\(host)/app.git"])
        try await place.expect("note.txt", from: ["\(host)/app.git#:sub"])
        #expect(try Files.read(place.scratch("out/note.txt")) == Array("sub\n".utf8))
        // The time of its commit, and one folder of it is the same as that folder of a checkout.
        let fetched = try await place.slipway.run(["build", "--reproducible", "\(host)/app.git#:sub"])
        let here = try await place.slipway.run(
          ["build", "--reproducible", "--no-cache", work.appending("sub").string])
        expect(fetched)
        #expect(here.outputText == fetched.outputText)
        let outcome = try await place.slipway.run(["build", "\(host)/app.git#other:sub"])
        #expect(!outcome.succeeded)
        let add = Array("FROM scratch\nADD \(host)/app.git#other /\nCOPY --from=repo /sub/note.txt /x\n".utf8)
        try await place.expect(
          ".dockerignore Dockerfile deploy/Web.dockerfile note.txt x",
          from: ["--build-context", "repo=\(host)/app.git", "-"], input: add)
      }
    }
  }

  @Test func namesStandForFoldersImagesAndLayouts() async throws {
    try await Self.use { place in
      try place.scratch.write(["more/b": "b", "more/hidden": "h", "more/.dockerignore": "hidden\n.dockerignore\n"])
      let from = Array("FROM extra\nCOPY --from=extra b /copy\n".utf8)
      try await place.expect("b copy", from: ["--build-context", "extra=more", "-"], input: from)
      AcceptanceTests.expect(
        try await place.slipway.run(
          ["build", "--quiet", "--tag", "made:1", "--output", "type=oci,tar=false,dest=layout", "context"],
          in: place.scratch.path))
      let base = Array("FROM alpine\n".utf8)
      for value in ["docker-image://made:1", "oci-layout://layout:1", "oci-layout://layout"] {
        try await place.expect(
          "note.txt", from: ["--build-context", "docker.io/library/alpine:latest=\(value)", "-"], input: base)
      }
    }
  }

  @Test(arguments: [
    (["nowhere"], "error[context-not-found]: the context nowhere is not a folder"),
    (["--file", "-", "-"], "error[input-used-twice]: context and Dockerfile cannot both come from standard input"),
    (["-"], "error[context-not-usable]: standard input is empty"),
    (
      ["context/note.txt"], "error[context-not-usable]: the context context/note.txt is neither a folder nor an archive"
    ),
    (["--build-context", "x", "context"], "error[invalid-build-context]: --build-context x is not NAME=VALUE"),
    (["--build-context", "X Y=more", "context"], "error[invalid-reference]: "),
    (
      ["--build-context", "x=nowhere", "context"],
      "error[context-not-found]: the context nowhere of --build-context x is not a folder"
    ),
    (
      ["--build-context", "x=oci-layout://context", "context"],
      "error[context-not-found]: context is not an image layout: it has no file oci-layout"
    ),
    (
      ["--secret", "src=context", "context"], "error[invalid-secret]: --secret src=context is not usable: it has no id="
    ),
    (["--secret", "id=x,scr=y", "context"], "error[invalid-secret]: "),
    (["--secret", "id=x", "context"], "error[secret-not-found]: "),
    (["--secret", "id=x,env=NOT_THERE", "context"], "error[secret-not-found]: "),
    (["--ssh", "default", "context"], "error[agent-not-found]: "),
    (["--ssh", "key=context/note.txt", "context"], "error[invalid-ssh]: context/note.txt of "),
  ])
  func mistakesAreUsageErrors(_ arguments: [String], _ message: String) async throws {
    try await Self.use { place in
      let outcome = try await place.slipway.run(
        ["build", "--progress", "quiet"] + arguments, in: place.scratch.path)
      expect(outcome, endsWith: ExitCode.usage.rawValue)
      #expect(outcome.errorText.drop { $0 == "\n" }.hasPrefix(message), "it was:\n\(outcome.errorText)")
      #expect(outcome.errorText.contains("= help: "))
      #expect(outcome.outputText.isEmpty)
    }
  }
}
