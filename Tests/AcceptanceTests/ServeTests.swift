import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// `slipway serve` with the tools that people have.
@Suite struct ServeTests {
  /// A `slipway` whose store has an image of two layers called `app:1`.
  private func withImage(_ body: (SlipwayBinary, Scratch) async throws -> Void) async throws {
    try await Scratch.use("serve") { scratch in
      let slipway = try SlipwayBinary(scratch)
      let context = try scratch.write(
        ["Dockerfile": "FROM scratch\nCOPY a /\nCOPY b /\nLABEL by=slipway\n", "a": "ahoy\n", "b": "bye\n"],
        in: "context")
      expect(try await slipway.run(["build", "--quiet", "--tag", "app:1", context.string]))
      try await body(slipway, scratch)
    }
  }

  private func digest(_ reference: String, _ options: [String] = ["--tls-verify=false"]) async throws -> String {
    try await Tool.output("skopeo", ["inspect", "--format", "{{.Digest}}"] + options + ["docker://\(reference)"])
  }

  @Test func skopeoPullsPushesAndDeletes() async throws {
    try await withImage { slipway, scratch in
      try await SlipwayServer.run(slipway, [], log: scratch("serve.log")) { server in
        let image = "docker://\(server.authority)"
        let layout = "oci:\(scratch("layout")):1"
        try await Tool.run("skopeo", ["copy", "--quiet", "--src-tls-verify=false", "\(image)/app:1", layout])
        try await Tool.run("skopeo", ["copy", "--quiet", "--dest-tls-verify=false", layout, "\(image)/team/app:2"])
        #expect(try await digest("\(server.authority)/team/app:2") == digest("\(server.authority)/app:1"))
        let format = ["copy", "--quiet", "--format=v2s2", "--src-tls-verify=false", "--dest-tls-verify=false"]
        try await Tool.run("skopeo", format + ["\(image)/app:1", "\(image)/team/app:docker"])
        let tags = try await Tool.output("skopeo", ["list-tags", "--tls-verify=false", "\(image)/team/app"])
        #expect(tags.contains("\"2\"") && tags.contains("\"docker\""))
        try await Tool.run("skopeo", ["delete", "--tls-verify=false", "\(image)/team/app:2"])
        let left = try await Tool.output("skopeo", ["list-tags", "--tls-verify=false", "\(image)/team/app"])
        #expect(!left.contains("\"2\"") && left.contains("\"docker\""))
        try await Tool.run("skopeo", ["copy", "--quiet", "--dest-tls-verify=false", layout, "\(image)/team/app:3"])
      }
      // What was pushed is an image of the store.
      try await Tool.run("skopeo", ["inspect", "oci:\(slipway.store)/oci:localhost/team/app:3"])
      expect(try await slipway.run(["prune", "--quiet"]))
      try await SlipwayServer.run(slipway, ["--read-only"], log: scratch("again.log")) { server in
        let copy = ["--quiet", "--src-tls-verify=false", "docker://\(server.authority)/team/app:docker"]
        try await Tool.run("skopeo", ["copy"] + copy + ["dir:\(scratch("docker"))"])
        let refused = try await Tool.attempt(
          "skopeo",
          [
            "copy", "--quiet", "--dest-tls-verify=false", "dir:\(scratch("docker"))",
            "docker://\(server.authority)/x:1",
          ])
        #expect(!refused.succeeded)
      }
    }
  }

  @Test func podmanPullsAndPushes() async throws {
    try await withImage { slipway, _ in
      // podman takes no run folder whose path has more than 50 characters.
      try await Scratch.use("p") { scratch in
        try await SlipwayServer.run(slipway, [], log: scratch("serve.log")) { server in
          let podman = ["--root", scratch("root").string, "--runroot", scratch.path.string, "--storage-driver", "vfs"]
          try await Tool.run("podman", podman + ["pull", "--quiet", "--tls-verify=false", "\(server.authority)/app:1"])
          let pushed = "\(server.authority)/podman/app:2"
          try await Tool.run("podman", podman + ["tag", "\(server.authority)/app:1", pushed])
          try await Tool.run("podman", podman + ["push", "--quiet", "--tls-verify=false", pushed])
          let labels = ["inspect", "--tls-verify=false", "--format", "{{.Labels}}", "docker://\(pushed)"]
          #expect(try await Tool.output("skopeo", labels) == "map[by:slipway]")
        }
      }
    }
  }

  @Test func dockerPullsAndPushes() async throws {
    try await withImage { slipway, scratch in
      try await SlipwayServer.run(slipway, [], log: scratch("serve.log")) { server in
        try await DockerDaemon.run { daemon in
          let pushed = "\(server.authority)/docker/app:2"
          for arguments in [
            ["pull", "--quiet", "\(server.authority)/app:1"], ["tag", "\(server.authority)/app:1", pushed],
            ["push", "--quiet", pushed],
          ] { expect(try await daemon.docker(arguments)) }
          let labels = ["inspect", "--tls-verify=false", "--format", "{{.Labels}}", "docker://\(pushed)"]
          #expect(try await Tool.output("skopeo", labels) == "map[by:slipway]")
        }
      }
    }
  }

  @Test func slipwayBuildsFromItAndPushesToIt() async throws {
    try await withImage { slipway, scratch in
      try await SlipwayServer.run(slipway, [], log: scratch("serve.log")) { server in
        var other = slipway
        other.environment.variables["SLIPWAY_ROOT"] = scratch("other").string
        let context = try scratch.write(["Dockerfile": "ARG BASE\nFROM $BASE\nCOPY c /\n", "c": "see\n"], in: "child")
        let outcome = try await other.run([
          "build", "--quiet", "--build-arg", "BASE=\(server.authority)/app:1", "--tag", "\(server.authority)/child:1",
          "--push", context.string,
        ])
        expect(outcome)
        #expect(try await outcome.outputText == "\(server.authority)/child@\(digest("\(server.authority)/child:1"))\n")
      }
    }
  }

  @Test func passwordsAndTLS() async throws {
    try await withImage { slipway, scratch in
      let authority = try await PrivateAuthority(in: scratch("tls"))
      let issued = try await authority.issue(.server)
      let line = try await Tool.run("htpasswd", ["-niB", "sailor"], input: Array("secret".utf8))
      try Files.writeAtomically(line.output, to: scratch("htpasswd"))
      let options = [
        "--htpasswd", scratch("htpasswd").string, "--tls-cert", issued.certificate.string, "--tls-key",
        issued.key.string,
      ]
      try await SlipwayServer.run(slipway, options, log: scratch("serve.log")) { server in
        let trust = "--cert-dir=\(authority.certificate.removingLastComponent())"
        #expect(try await digest("\(server.authority)/app:1", [trust, "--creds=sailor:secret"]).hasPrefix("sha256:"))
        for credentials in [["--no-creds"], ["--creds=sailor:wrong"]] {
          let refused = try await Tool.attempt(
            "skopeo", ["inspect", trust] + credentials + ["docker://\(server.authority)/app:1"])
          #expect(!refused.succeeded && refused.errorText.contains("nauthorized"), "\(refused.errorText)")
        }
      }
    }
  }

  @Test func aLayoutIsServedUnderTheNameOfItsFolder() async throws {
    try await withImage { slipway, scratch in
      let layout = scratch("bundle")
      let source = "oci:\(slipway.store)/oci:docker.io/library/app:1"
      try await Tool.run("skopeo", ["copy", "--quiet", source, "oci:\(layout):1.0"])
      try await SlipwayServer.run(slipway, [layout.string], log: scratch("serve.log")) { server in
        let name = "\(server.authority)/bundle"
        let copy = ["copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false"]
        try await Tool.run("skopeo", copy + ["docker://\(name):1.0", "docker://\(name):2.0"])
      }
      #expect(try Files.names(in: layout).map(\.string) == ["blobs", "index.json", "oci-layout"])
      let empty = scratch("empty")
      try await SlipwayServer.run(slipway, [empty.string], log: scratch("empty.log")) { server in
        let target = "docker://\(server.authority)/app:1"
        try await Tool.run("skopeo", ["copy", "--quiet", "--dest-tls-verify=false", source, target])
      }
      try await Tool.run("skopeo", ["inspect", "oci:\(empty):localhost/app:1"])
    }
  }

  @Test(arguments: [
    (["--read-only", "--writable"], "invalid-options"), (["--tls-cert", "x"], "invalid-options"),
    (["--listen", "nowhere"], "invalid-listen"), (["--listen", "::1:5000"], "invalid-listen"),
    (["--listen", "127.0.0.1:99999"], "invalid-listen"), (["/nowhere", "--read-only"], "nothing-to-serve"),
    (["/etc"], "nothing-to-serve"), (["--htpasswd", "/nowhere"], "No such file"),
  ])
  func whatCannotBeServed(arguments: [String], message: String) async throws {
    try await Scratch.use("serve") { scratch in
      let outcome = try await SlipwayBinary(scratch).run(["serve", "--listen", "127.0.0.1:0"] + arguments)
      #expect(outcome.status == (message == "No such file" ? 1 : 2), "\(outcome.errorText)")
      #expect(outcome.errorText.lowercased().contains(message.lowercased()) && outcome.outputText.isEmpty)
      #expect(try FileStatus.ifExists(scratch("store")) == nil)
    }
  }

  @Test func beyondThisMachineItIsReadOnlyUntilToldOtherwise() async throws {
    try await withImage { slipway, scratch in
      let copy = ["copy", "--quiet", "--dest-tls-verify=false", "oci:\(slipway.store)/oci:docker.io/library/app:1"]
      try await SlipwayServer.run(slipway, [], log: scratch("a.log"), listen: "0.0.0.0:0") { server async throws in
        let target = "docker://127.0.0.1:\(server.port)/x:1"
        #expect(try await !Tool.attempt("skopeo", copy + [target]).succeeded)
      }
      try await SlipwayServer.run(slipway, ["--writable"], log: scratch("b.log"), listen: "0.0.0.0:0") { server in
        try await Tool.run("skopeo", copy + ["docker://127.0.0.1:\(server.port)/x:1"])
        #expect(try server.log().contains("warning[open-registry]"))
      }
    }
  }

  @Test(arguments: ["TERM", "INT"])
  func stopsWhenItIsTold(signal: String) async throws {
    try await Scratch.use("serve") { scratch in
      let slipway = try SlipwayBinary(scratch)
      // A client is connected, says nothing, and does not go.
      let script = """
        "$0" serve --listen 127.0.0.1:0 >out &
        server=$!
        until [ -s out ]; do sleep 0.05; done
        exec 3<>"/dev/tcp/127.0.0.1/$(cut -d: -f2 out)"
        kill -\(signal) $server
        wait $server
        """
      let outcome = try await ChildProcess(
        "bash", ["-c", script, slipway.executable.string], environment: slipway.environment,
        workingDirectory: scratch.path
      ).run()
      expect(outcome)
      #expect(try FileStatus.ifExists(slipway.store) == nil, "a server that stored nothing leaves nothing")
    }
  }

  /// Random bytes in a file, by a program that is quick at it.
  private func noise(_ megabytes: Int, at path: FilePath) async throws {
    try await Tool.run("sh", ["-c", "head -c \(megabytes << 20) /dev/urandom >\(path)"])
  }

  @Test func killedInTheMiddleOfAPushItServesWhatItHad() async throws {
    try await withImage { slipway, scratch in
      try await noise(64, at: scratch("noise"))
      let script = """
        "$0" serve --listen 127.0.0.1:0 >out 2>/dev/null &
        server=$!
        until [ -s out ]; do sleep 0.05; done
        url=http://$(cat out)/v2/app/blobs/uploads/
        location=$(curl -s -D - -o /dev/null -X POST "$url" | tr -d '\\r' | awk 'tolower($1) == "location:" { print $2 }')
        curl -s --limit-rate 8M -T noise -X PATCH "http://$(cat out)$location" &
        until [ "$(du -sk store/ingest | cut -f1)" -gt 1000 ]; do sleep 0.05; done
        kill -9 $server
        """
      try await Tool.run(
        "bash", ["-c", script, slipway.executable.string], environment: slipway.environment, in: scratch.path)
      #expect(try !Files.names(in: slipway.store.appending("ingest")).isEmpty)
      expect(try await slipway.run(["prune", "--quiet"]))
      let left = try Files.names(in: slipway.store.appending("ingest")).map(\.string)
      #expect(left.filter { $0 != "index.lock" } == [])
      try await SlipwayServer.run(slipway, [], log: scratch("serve.log")) { server async throws in
        #expect(try await digest("\(server.authority)/app:1").hasPrefix("sha256:"))
      }
    }
  }

  @Test func largeBlobsPassInBoundedMemory() async throws {
    try await Scratch.use("serve") { scratch in
      let slipway = try SlipwayBinary(scratch)
      try await noise(400, at: scratch("noise"))
      let script = """
        "$0" serve --listen 127.0.0.1:0 >out &
        server=$!
        until [ -s out ]; do sleep 0.05; done
        digest=sha256:$(sha256sum noise | cut -d' ' -f1)
        base=http://$(cat out)/v2/app/blobs
        for round in 1 2 3; do
          location=$(curl -s -D - -o /dev/null -X POST "$base/uploads/" | tr -d '\\r' | awk 'tolower($1) == "location:" { print $2 }')
          curl -sf -T noise "http://$(cat out)$location?digest=$digest" || exit 1
        done
        for round in 1 2 3; do curl -sf --limit-rate 100M -o copy-$round "$base/$digest" & copies="$copies $!"; done
        wait $copies
        for round in 1 2 3; do cmp noise copy-$round || exit 1; done
        awk '/VmHWM/ { print $2 }' /proc/$server/status
        kill $server
        wait $server
        """
      let outcome = try await Tool.run(
        "bash", ["-c", script, slipway.executable.string], environment: slipway.environment, in: scratch.path)
      let peak = try #require(Int(outcome.outputText.split(separator: "\n").last ?? ""))
      #expect(peak < 100 << 10, "\(peak >> 10) MiB")
    }
  }
}
