import HostOS
import SystemPackage
import TestSupport
import Testing

/// Whoever builds, the image is the same.
@Suite struct PlainUserTests {
  /// Also with one id alone, where owners are recorded.
  @Test(arguments: [65_536, 0])
  func aPlainUserBuildsTheImageThatRootBuilds(_ subordinateIDs: Int) async throws {
    try await Workplace.use { place in
      var slipway = place.slipway
      slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1700000000"
      let files: [String: ScratchEntry] = [
        "Dockerfile": """
        ARG BASE
        FROM $BASE AS build
        WORKDIR /src
        COPY . .
        RUN mkdir -p /out/data && cp note.txt /out/data/ && chown -R app:app /out && chmod 2755 /out/data \\
         && touch /out/data/stranger && chown 12345:54321 /out/data/stranger && ln -s note.txt /out/data/link
        FROM $BASE
        COPY --from=build /out /srv
        RUN chown -h 7:8 /srv/data/link && touch -h /srv/data/link && mkfifo -m 600 /srv/pipe && chown app /srv/pipe
        RUN rm -rf /tmp && mkdir -m 1777 /tmp && id -u > /srv/who && echo secret > /srv/private && chmod 600 /srv/private
        USER app
        RUN id > /tmp/me && ln -s me /tmp/link && mkdir -p /tmp/a/b && stat -c '%n %U:%G' /tmp/* /srv/* > /tmp/a/b/stat

        """,
        "note.txt": "ahoy\n",
      ]
      try place.scratch.write(files, in: "context")
      try await PlainUser.use(subordinateIDs: subordinateIDs) { user in
        let arguments = { (name: String) in
          [
            "build", "--quiet", "--push", "--tag", "\(place.registry.authority)/\(name):1", "--build-arg",
            "BASE=\(place.base)", place.scratch("context").string,
          ]
        }
        let plain = try await slipway.run(arguments("plain"), as: user)
        expect(plain)
        let root = try await slipway.run(arguments("root"))
        expect(root)
        let digests = [plain, root].map { $0.outputText.split(separator: "@").last }
        #expect(digests[0] != nil)
        #expect(digests[0] == digests[1])
      }
      let layout = place.scratch("layout")
      let name = "docker://\(place.registry.authority)/plain:1"
      try await Tool.run("skopeo", ["copy", "--src-tls-verify=false", name, "oci:\(layout):1"])
      let bundle = place.scratch("bundle")
      try await Tool.run("umoci", ["unpack", "--image", "\(layout):1", bundle.string])
      let stranger = try FileStatus(of: bundle.appending("rootfs/srv/data/stranger"))
      #expect([stranger.uid, stranger.gid] == [12345, 54321])
      #expect(try FileStatus(of: bundle.appending("rootfs/srv/data")).mode == 0o2755)
      #expect(try Files.read(bundle.appending("rootfs/srv/who")) == Array("0\n".utf8))
    }
  }

  @Test func withoutCommandsNoPrivilegeIsNeeded() async throws {
    try await Workplace.use { place in
      let context = try place.scratch.write(
        ["Dockerfile": "ARG BASE\nFROM $BASE\nCOPY --chown=app note.txt /\nWORKDIR /w\n", "note.txt": "ahoy\n"],
        in: "context")
      try await PlainUser.use(subordinateIDs: 0) { user in
        let outcome = try await place.slipway.run(
          ["build", "--build-arg", "BASE=\(place.base)", context.string], as: user)
        expect(outcome)
        #expect(outcome.outputText.hasPrefix("sha256:"))
      }
    }
  }

  /// Who may not make device nodes builds without them, and is told so; the layer keeps them for those who may.
  @Test func deviceNodesAreLeftOutWhereTheyAreNotPermitted() async throws {
    let archive = """
      import sys, tarfile
      with tarfile.open(sys.argv[1], "w") as tar:
          node = tarfile.TarInfo("nodes/null")
          node.type, node.devmajor, node.devminor = tarfile.CHRTYPE, 1, 3
          tar.addfile(node)
          tar.addfile(tarfile.TarInfo("nodes/file"))
      """
    try await Workplace.use { place in
      let files: [String: ScratchEntry] = [
        "Dockerfile": "ARG BASE\nFROM $BASE\nADD nodes.tar /\nRUN ls /nodes >/list\n"
      ]
      let context = try place.scratch.write(files, in: "context")
      try await Tool.run("python3", ["-c", archive, context.appending("nodes.tar").string])
      try await PlainUser.use { user in
        let out = user.home.appending("out.tar")
        let outcome = try await place.slipway.run(
          [
            "build", "--progress", "plain", "--build-arg", "BASE=\(place.base)", "--output", "type=tar,dest=\(out)",
            context.string,
          ], as: user)
        expect(outcome)
        #expect(outcome.errorText.contains("nodes/null is left out: this user may not make device nodes"))
        #expect(try await Tool.output("tar", ["-xOf", out.string, "list"]) == "file")
        #expect(try await Tool.output("tar", ["-tvf", out.string, "nodes/null"]).hasPrefix("c"))
      }
    }
  }
}
