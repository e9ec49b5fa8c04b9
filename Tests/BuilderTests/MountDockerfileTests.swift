import Diagnostics
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// Mounts as Dockerfiles have them.
struct MountDockerfileTests {
  private let bench: BuildBench

  init() throws {
    bench = try BuildBench()
    try bench.scratch.write(["src/main.c": "main\n", "src/lib/x.c": "x\n", "other": "o\n"], in: "context")
  }

  @Test func allKindsTogether() async throws {
    let outcome = try await bench.build(
      """
      FROM base AS tools
      RUN mkdir /tools && printf '#!/bin/sh\\necho tool "$@"' >/tools/tool && chmod 755 /tools/tool
      FROM base
      ARG where=/in
      WORKDIR /w
      RUN --mount=type=bind,from=tools,source=/tools,target=$where/tools \\
          --mount=target=/src,source=src --mount=type=cache,target=cache \\
          --mount=type=tmpfs,target=/memory,size=1m --mount=type=secret,id=none --mount=type=ssh <<EOF
      /in/tools/tool one two
      cat /src/main.c /src/lib/x.c
      pwd; ls
      echo kept >>cache/file
      touch /memory/x /w/made
      EOF
      RUN --mount=type=cache,id=cache,target=/c cat /c/file
      """)
    #expect(outcome.log.hasPrefix("tool one two\nmain\nx\n/w\ncache\nkept\n"))
    #expect(try bench.layer(-2, of: outcome.image) == ["w: folder 755 0:0", "w/made: file 644 0:0"])
    #expect(try bench.layer(-1, of: outcome.image) == [])
  }

  @Test func anEmptyImageIsFilledByAnothersTools() async throws {
    let outcome = try await bench.build(
      """
      FROM scratch
      RUN --mount=from=base,target=/base ["/base/bin/busybox", "sh", "-c", "/base/bin/busybox cp /base/etc/passwd /mine"]
      """)
    #expect(try bench.layer(-1, of: outcome.image) == ["mine: file 644 0:0"])
  }

  @Test func onlyWhatIsShownCounts() async throws {
    let dockerfile = """
      FROM base AS stage
      COPY other /stage/other
      COPY src /stage/src
      FROM base
      RUN --mount=source=src,target=/m --mount=from=stage,source=/stage/src,target=/s echo ran
      """
    #expect(try await bench.build(dockerfile).ran.count == 3)
    try bench.scratch.write(["other": "changed\n", "new": "n\n"], in: "context")
    try await Tool.run("touch", [bench.context.appending("src").appending("main.c").string])
    let unchanged = try await bench.build(dockerfile)
    #expect(unchanged.cached.contains { $0.hasSuffix("echo ran") })
    try bench.scratch.write(["src/lib/x.c": "changed\n"], in: "context")
    let changed = try await bench.build(dockerfile)
    #expect(changed.ran.contains { $0.hasSuffix("echo ran") })
  }

  @Test(arguments: [
    ("--mount=target=/m,source=scr", "/scr is not in the build context", "did you mean /src?"),
    ("--mount=type=secret,id=key,required", "the command needs the secret key", "--secret id=key"),
    ("--mount=type=ssh,required=true", "the command needs the SSH agent default", "--ssh default"),
    ("--mount=type=tmpfs,target=/etc/passwd", "cannot mount tmpfs on /etc/passwd", "a file on a file"),
  ])
  func whatIsMissingIsToldAtTheMount(_ mount: String, _ message: String, _ help: String) async throws {
    let error = await #expect(throws: BuilderError.self) {
      try await bench.build("FROM base\nRUN --mount=type=cache,target=/c \(mount) true\n")
    }
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.message.contains(message))
    #expect(diagnostic.help.joined().contains(help))
    let place = try #require(diagnostic.annotation)
    #expect(place.file.text(in: place.range) == mount)
  }
}
