import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// One commit is one image, whoever builds it, where, when and with what.
@Suite struct ReproducibleTests {
  /// What differs between those who build.
  struct Builder: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var rung = Rung.root
    /// Of the environment.
    var variables: [String: String] = [:]
    /// Begins `slipway`.
    var script = #"exec "$@""#
    /// Checks the commit out, from `$1` to `$2`.
    var checkout = #"git clone --quiet "$1" "$2""#
    var arguments: [String] = []
  }

  static let builders = [
    Builder(testDescription: "the same once more"),
    Builder(testDescription: "a user with subordinate ids", rung: .subordinateIDs),
    Builder(testDescription: "a user with one id", rung: .recordedOwners),
    Builder(testDescription: "a container without namespaces", rung: .chroot),
    Builder(
      testDescription: "another mask, language and time zone",
      variables: ["LANG": "de_DE.UTF-8", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Chatham"],
      script: #"umask 077; exec "$@""#,
      checkout: #"umask 002; git clone --quiet "$1" "$2""#),
    Builder(
      testDescription: "files older than the commit, of another owner",
      checkout: #"git clone --quiet "$1" "$2"; find "$2" -exec touch -h -d 2001-02-03 {} +; chown -R 12:34 "$2""#),
    Builder(
      testDescription: "files of the future, in another place",
      checkout: #"git clone --quiet "$1" "$2"; find "$2" -exec touch -h -d 2033-02-03 {} +"#),
    Builder(
      testDescription: "one processor, one step at a time", script: #"exec taskset -c 0 "$@""#,
      arguments: ["--jobs", "1"]),
    Builder(testDescription: "many steps at a time", arguments: ["--jobs", "16"]),
  ]

  @Test(arguments: builders)
  func imagesAreTheSame(_ builder: Builder) async throws {
    let expected = try await Self.expected.value
    let found = try await Self.images(of: builder)
    for (name, manifest) in expected {
      let differs = found[name] != manifest
      #expect(!differs, "the image \(name) is another one:\n\(manifest)\n\(found[name] ?? "none")")
    }
    #expect(found.count == expected.count)
  }

  /// Entries that are newer than the commit have its time; older ones, as archives bring them, keep theirs.
  @Test func timesAreThoseOfTheCommit() async throws {
    try await Rung.root.use([:]) { place in
      let repository = try await Self.makeRepository(in: place.folder)
      let archive = place.folder.appending("tree.tar")
      let outcome = try await place.run(
        try await Self.command() + ["--target", "all", "--output", "type=tar,dest=\(archive)"] + [repository.string])
      try #require(outcome.succeeded, "\(outcome.errorText)")
      let list = try await Tool.output("python3", ["-c", Self.times, archive.string])
      let times = Dictionary(
        list.split(separator: "\n").map { line in
          let parts = line.split(separator: " ")
          return (String(parts[1]), Int(parts[0]) ?? 0)
        }
      ) { $1 }
      for path in [
        "srv/app/run.sh", "srv/copied/text", "out/first", "out/here", "a/b/c", "archive/new", "from/out/pipe",
      ] {
        #expect(times[path] == Self.commitTime, "\(path)")
      }
      #expect(times["archive/old"] == 1_000_000_000)
    }
  }

  @Test func withoutACommitNothingIsBuilt() async throws {
    try await Rung.root.use([:]) { place in
      try Scratch.write(["Dockerfile": "FROM scratch\nCOPY . /\n"], to: place.folder.appending("empty"))
      let context = place.folder.appending("empty").string
      try await Tool.run("git", ["init", "--quiet", context])
      let outcome = try await place.run(["build", "--reproducible", context])
      #expect(outcome.status == 2)
      #expect(
        outcome.errorText == """

          error[no-commit]: --reproducible takes the time of a commit, and the context \(context) has none
            = note: there is no commit in \(context)
            = note: fatal: Not a valid object name HEAD
            = help: build a git checkout, set SOURCE_DATE_EPOCH, or write --timestamp 0 in the place of --reproducible

          """)
    }
  }

  /// Another time is another image, and so is a checkout with changes.
  @Test func whatDiffersIsSeen() async throws {
    try await Rung.root.use([:]) { place in
      let context = try await Self.makeRepository(in: place.folder)
      func digest(_ arguments: [String]) async throws -> String {
        let outcome = try await place.run(["build", "--quiet", "--target", "files"] + arguments + [context.string])
        try #require(outcome.succeeded, "\(outcome.errorText)")
        return outcome.outputText
      }
      let clean = try await digest(["--reproducible"])
      #expect(try await digest(["--timestamp", "2025-06-15T15:06:40Z", "--no-cache"]) == clean)
      #expect(try await digest(["--reproducible", "--build-arg", "SOURCE_DATE_EPOCH=1"]) != clean)
      try Scratch.write(["app/text": "changed\n"], to: context)
      #expect(try await digest(["--reproducible"]) != clean)
      try Scratch.write(["app/text": "text\n"], to: context)
      #expect(try await digest(["--reproducible", "--no-cache"]) == clean)
    }
  }

  private static let commitTime = 1_750_000_000

  // MARK: Images

  /// By the names of what was built: manifests and indexes, which name all else by digests.
  private static let expected = Task<[String: String], any Error> {
    try await images(of: Builder(testDescription: "root"))
  }

  private static func images(of builder: Builder) async throws -> [String: String] {
    try await builder.rung.use(builder.variables, begunBy: builder.script) { place in
      // The folder is as its checkout is to leave it, and those that lead there belong to whoever builds.
      let repository = try await makeRepository(in: place.folder)
      let context = place.folder.appending("checkout \(Files.uniqueName())")
      try await Tool.run("sh", ["-ec", builder.checkout, "sh", repository.string, context.string])
      if builder.rung != .root { try await Tool.run("chmod", ["-R", "a+rX", context.string]) }
      var images: [String: String] = [:]
      func build(_ arguments: [String]) async throws {
        let command = try await command() + builder.arguments + arguments
        let outcome = try await place.run(command + [context.string])
        try #require(outcome.succeeded, "\(outcome.errorText)")
      }
      func add(_ name: String, _ layout: FilePath) async throws {
        images[name] = try await Tool.output("skopeo", ["inspect", "--raw", "oci:\(layout)"])
      }
      let layout = { (name: String) in place.folder.appending("layout-\(name)") }
      let kinds = ["gzip", "zstd", "estargz", "uncompressed"]
      try await build(
        ["--target", "all"]
          + kinds.flatMap {
            ["--output", "type=oci,tar=false,dest=\(layout($0)),compression=\($0),rewrite-timestamp=true"]
          })
      for kind in kinds { try await add(kind, layout(kind)) }
      try await build(
        [
          "--target", "files", "--platform", "linux/amd64,linux/arm64", "--annotation", "index,manifest:a=b",
          "--output",
          "type=oci,tar=false,dest=\(layout("index"))",
        ])
      try await add("index", layout("index"))
      return images
    }
  }

  private static func command() async throws -> [String] {
    [
      "build", "--progress", "plain", "--reproducible", "--build-context",
      "base=oci-layout://\(try await BaseImages.busybox()):latest",
    ]
  }

  private static let times = """
    import sys, tarfile
    with tarfile.open(sys.argv[1]) as archive:
        for file in archive:
            print(int(file.mtime), file.name)
    """

  // MARK: The commit

  private static func makeRepository(in folder: FilePath) async throws -> FilePath {
    let repository = folder.appending("repository")
    try Scratch.write(files, to: repository)
    try await Tool.run("python3", ["-c", archive, repository.appending("archive.tar").string])
    let date = "\(commitTime) +1245"
    let environment = Environment([
      "PATH": Environment.current["PATH"] ?? "/usr/bin:/bin", "HOME": folder.string,
      "GIT_AUTHOR_DATE": "1500000000 +0000", "GIT_COMMITTER_DATE": date, "GIT_CONFIG_NOSYSTEM": "1",
    ])
    for arguments in [
      ["init", "--quiet"], ["add", "."],
      // Who committed, and a message that looks like it.
      ["config", "user.name", "A > B"], ["config", "user.email", "a@example.com"],
      ["commit", "--quiet", "--message", "committer C <c> 5 +0"],
    ] {
      try await Tool.run("git", arguments, environment: environment, in: repository)
    }
    return repository
  }

  private static let files: [String: ScratchEntry] = [
    "Dockerfile": """
    FROM scratch AS files
    COPY app /app
    COPY --chmod=640 --chown=7:8 app/text /etc/

    FROM base AS build
    ARG SOURCE_DATE_EPOCH
    WORKDIR /out
    RUN echo first >first && ln first second && ln -s first link && mkfifo -m 600 pipe && mkdir -m 2775 folder \\
     && chown -R app:app folder && touch folder/later && touch -d @1000000000 old && echo $SOURCE_DATE_EPOCH >epoch
    RUN rm -r folder && echo more >>epoch && chmod 1777 . && seq 500000 >numbers
    # Commands see the times that layers have, whether a layer was unpacked or its folder kept.
    RUN --mount=type=bind,target=/context find . /context -exec stat -c '%n %Y' {} + | sort >/times && mv /times .

    FROM base AS all
    COPY --chown=app app /srv/app
    COPY <<TEXT /out/here
    a here-document
    TEXT
    ADD archive.tar /archive
    WORKDIR /a/b/c
    COPY --from=build /out/ /from/out/
    COPY --link --from=build /out/link /linked/
    RUN cp -a /srv/app /srv/copied && echo first >/out/first && rm /srv/app/text
    RUN --mount=type=bind,target=/context cp -a /context/app /bound
    LABEL a=b c=d
    ENV Z=1 A=2

    """,
    "app/run.sh": .file("#!/bin/sh\n", mode: 0o755), "app/text": "text\n", "app/link": .symbolicLink("text"),
    "app/\u{e9}t\u{e9}/\u{130}i": "names of other languages\n",
    // Longer than a piece of compression.
    "app/large": .file((0..<300_000).map { "line \($0 &* 2_654_435_761 % 1_000_003)\n" }.joined()),
  ]

  /// An archive with extended attributes, hard links, names of owners, and times before and after the commit.
  private static let archive = """
    import io, sys, tarfile
    with tarfile.open(sys.argv[1], "w") as tar:
        def add(name, time, **fields):
            file = tarfile.TarInfo(name)
            file.mtime, file.mode, file.uid, file.gid = time, 0o4755, 1234, 5678
            file.uname, file.gname = "somebody", "people"
            for field, value in fields.items():
                setattr(file, field, value)
            content = b"" if file.islnk() else name.encode()
            file.size = len(content)
            tar.addfile(file, io.BytesIO(content))
        add("old", 1000000000, pax_headers={"SCHILY.xattr.user.z": "1", "SCHILY.xattr.user.a": "2"})
        add("new", 1900000000.5)
        add("again", 1900000000, type=tarfile.LNKTYPE, linkname="new")
    """
}
