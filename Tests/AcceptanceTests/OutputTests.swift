import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Every form of output is read by the tools that people have.
@Suite struct OutputTests {
  private static let files: [String: ScratchEntry] = [
    "Dockerfile": """
    ARG BASE
    FROM $BASE
    LABEL kind=sample
    COPY --chown=app:app --chmod=640 note.txt /data/
    RUN rm /etc/nsswitch.conf && ln /data/note.txt /data/same && mkdir -p /deep/er && chmod 1777 /deep
    CMD ["/bin/sh"]

    """,
    "note.txt": "ahoy\n",
  ]

  @Test func registriesLayoutsAndArchivesHoldTheSameImage() async throws {
    try await Workplace.use { place in
      let name = "\(place.registry.authority)/sample"
      let out = place.scratch.path.appending("out")
      try Files.createDirectories(out)
      let built = try await place.build(
        Self.files,
        [
          "--quiet", "--tag", "\(name):1", "--push", "--output", "type=oci,dest=\(out)/oci.tar", "--output",
          "type=docker,dest=\(out)/docker.tar", "--output", "type=oci,tar=false,dest=\(out)/layout", "--iidfile",
          "\(out)/id", "--metadata-file", "\(out)/metadata.json",
        ])
      expect(built)
      let answer = try #require(built.outputText.split(separator: "@").last).trimmingCharacters(in: .newlines)
      #expect(built.outputText == "\(name)@\(answer)\n")
      for source in ["oci-archive:\(out)/oci.tar:1", "oci:\(out)/layout:1"] {
        let text = try await Tool.output("skopeo", ["inspect", "--format", "{{.Digest}} {{.Labels}}", source])
        #expect(text == "\(answer) map[kind:sample]")
      }
      let pushed = try await Tool.output(
        "skopeo", ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://\(name):1"])
      #expect(pushed == answer)
      let id = try await Tool.output("cat", ["\(out)/id"])
      let raw = try await Tool.output("skopeo", ["inspect", "--raw", "docker-archive:\(out)/docker.tar:\(name):1"])
      #expect(raw.contains(id))
      let metadata = try JSONDecoder().decode(
        [String: JSONAny].self, from: Data(Files.read(out.appending("metadata.json"))))
      #expect(metadata["containerimage.digest"]?.text == answer)
      #expect(metadata["containerimage.config.digest"]?.text == id)
      #expect(metadata["image.name"]?.text == "\(name):1")
    }
  }

  @Test func umociUnpacksWhatWasBuilt() async throws {
    try await Workplace.use { place in
      let layout = place.scratch("layout")
      expect(
        try await place.build(
          Self.files, ["--quiet", "--tag", "sample:1", "--output", "type=oci,tar=false,dest=\(layout)"]))
      let bundle = place.scratch("bundle")
      try await Tool.run("umoci", ["unpack", "--image", "\(layout):1", bundle.string])
      let root = bundle.appending("rootfs")
      #expect(try FileStatus.ifExists(root.appending("etc/nsswitch.conf")) == nil)
      let note = try FileStatus(of: root.appending("data/note.txt"))
      #expect(note.mode == 0o640)
      #expect(note.inode == (try FileStatus(of: root.appending("data/same"))).inode)
      let app = try await Tool.output("awk", ["-F:", "$1 == \"app\" { print $3 \":\" $4 }", "\(root)/etc/passwd"])
      #expect("\(note.uid):\(note.gid)" == app)
      #expect(try FileStatus(of: root.appending("deep")).mode == 0o1777)
      for folder in ["proc", "sys", "dev"] {
        #expect(try Files.names(in: root.appending(folder)).isEmpty, "\(folder) has traces of RUN")
      }
      #expect(try FileStatus.ifExists(root.appending("etc/resolv.conf")) == nil)
    }
  }

  @Test func dockerAndPodmanLoadArchives() async throws {
    try await Workplace.use { place in
      let (archive, id) = (place.scratch("app.tar"), place.scratch("id"))
      expect(
        try await place.build(
          Self.files,
          ["--quiet", "--tag", "sample:1", "--output", "type=docker,dest=\(archive)", "--iidfile", id.string]))
      let built = String(decoding: try Files.read(id), as: UTF8.self)
      try await DockerDaemon.run { daemon in
        expect(try await daemon.docker(["load", "--input", archive.string]))
        let loaded = try await daemon.docker(["image", "inspect", "--format", "{{.Id}} {{.Config.Labels}}", "sample:1"])
        #expect(loaded.outputText == "\(built) map[kind:sample]\n")
      }
      // podman takes no run folder whose path has more than 50 characters.
      try await Scratch.use("p") { scratch in
        let podman = ["--root", scratch("root").string, "--runroot", scratch.path.string, "--storage-driver", "vfs"]
        try await Tool.run("podman", podman + ["load", "--input", archive.string])
        let loaded = try await Tool.output(
          "podman", podman + ["image", "inspect", "--format", "sha256:{{.Id}} {{.Labels}}", "sample:1"])
        #expect(loaded == "\(built) map[kind:sample]")
      }
    }
  }

  @Test func severalPlatformsMakeAnIndex() async throws {
    let files: [String: ScratchEntry] = [
      "Dockerfile": """
      FROM --platform=$BUILDPLATFORM scratch AS made
      COPY note.txt /
      FROM scratch
      ARG TARGETARCH
      COPY --from=made /note.txt /$TARGETARCH/
      LABEL arch=$TARGETARCH

      """,
      "note.txt": "ahoy\n",
    ]
    try await Workplace.use { place in
      let name = "\(place.registry.authority)/several:1"
      let (archive, folder) = (place.scratch("several.tar"), place.scratch("files"))
      let built = try await place.build(
        files,
        [
          "--platform", "linux/amd64,linux/arm64", "--tag", name, "--push", "--output", "type=oci,dest=\(archive)",
          "--output", folder.string, "--annotation", "index:of=both", "--annotation", "manifest[linux/arm64]:of=one",
        ])
      expect(built)
      #expect(built.errorText.components(separatedBy: "COPY note.txt").count == 2, "what is shared is made once")
      for (architecture, annotation) in [("amd64", "null"), ("arm64", #"{"of":"one"}"#)] {
        for source in ["docker://\(name)", "oci-archive:\(archive):1"] {
          let options = ["--override-arch", architecture, "inspect", "--tls-verify=false"]
          let arguments = source.hasPrefix("docker") ? options : Array(options.dropLast())
          let label = try await Tool.output("skopeo", arguments + ["--format", "{{.Labels.arch}}", source])
          #expect(label == architecture)
        }
        let text = try Files.read(folder.appending("linux_\(architecture)/\(architecture)/note.txt"))
        #expect(text == Array("ahoy\n".utf8))
        #expect(try await Self.annotations(of: architecture, name) == annotation)
      }
    }
  }

  /// Of the manifest for an architecture, as JSON.
  private static func annotations(of architecture: String, _ name: String) async throws -> String {
    let script = """
      raw() { skopeo inspect --tls-verify=false --raw "docker://$1"; }
      digest=$(raw "$1" | jq -r --arg a "$2" '.manifests[] | select(.platform.architecture == $a) | .digest')
      raw "${1%:*}@$digest" | jq -c .annotations
      """
    return try await Tool.output("sh", ["-euc", script, "sh", name, architecture])
  }

  @Test func filesComeWithoutTheImage() async throws {
    try await Workplace.use { place in
      let (folder, tar) = (place.scratch("files"), place.scratch("files.tar"))
      expect(
        try await place.build(
          Self.files, ["--quiet", "--output", folder.string, "--output", "type=tar,dest=\(tar)"]))
      #expect(try Files.read(folder.appending("data/note.txt")) == Array("ahoy\n".utf8))
      #expect(try FileStatus.ifExists(folder.appending("etc/nsswitch.conf")) == nil)
      let names = try await Tool.output("bsdtar", ["-tf", tar.string]).split(separator: "\n")
      #expect(names.contains("data/note.txt"))
      #expect(!names.contains("etc/nsswitch.conf"))
      let standard = try await place.build(Self.files, ["--quiet", "--output", "-"])
      expect(standard)
      #expect(standard.output == (try Files.read(tar)))
    }
  }
}

/// A member of any type, of which texts matter.
private struct JSONAny: Decodable {
  var text: String?
  init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
}
