import HostOS
import SystemPackage
import TestSupport
import Testing

/// Outputs in every compression, read by the tools that people have.
@Suite struct CompressionTests {
  private static let files: [String: ScratchEntry] = [
    "Dockerfile": """
    ARG BASE
    FROM $BASE
    COPY text /data/
    RUN ln /data/text /data/same

    """,
    "text": .file(String(repeating: "the same line again\n", count: 200_000)),
  ]

  /// Media type of each layer of a layout's image, with its annotations.
  private func layers(_ layout: FilePath) async throws -> [String] {
    let raw = try await Tool.output("skopeo", ["inspect", "--raw", "oci:\(layout):1"])
    let list = try await ChildProcess(
      "jq", ["-r", #".layers[] | "\(.mediaType | split(".") | last) \(.annotations // {} | keys | join(","))""#],
      input: Array(raw.utf8)
    ).run()
    return list.outputText.split(separator: "\n").map { String($0).trimmingSuffix(" ") }
  }

  @Test(arguments: [
    ("gzip", "tar+gzip"), ("gzip,compression-level=0", "tar+gzip"), ("uncompressed", "tar"), ("zstd", "tar+zstd"),
    ("zstd,compression-level=9", "tar+zstd"),
    ("estargz", "tar+gzip containerd.io/snapshot/stargz/toc.digest,io.containers.estargz.uncompressed-size"),
  ])
  func ownLayersAreCompressedAsAskedFor(compression: String, kind: String) async throws {
    try await Workplace.use { place in
      let (plain, layout) = (place.scratch("plain"), place.scratch("layout"))
      // Once as it comes, so that what is known already is converted.
      expect(
        try await place.build(
          Self.files, ["--quiet", "--tag", "app:1", "--output", "type=oci,tar=false,dest=\(plain)"]))
      let options = "type=oci,tar=false,dest=\(layout),compression=\(compression)"
      let built = try await place.build(Self.files, ["--progress", "plain", "--tag", "app:1", "--output", options])
      expect(built)
      #expect(try await layers(plain) == ["tar+gzip", "tar+gzip", "tar+gzip"])
      // That of the base stays as it was.
      #expect(try await layers(layout) == ["tar+gzip", kind, kind])
      let digest = try await Tool.output("skopeo", ["inspect", "--format", "{{.Digest}}", "oci:\(layout):1"])
      #expect(built.outputText.hasSuffix("@\(digest)\n"))
      // skopeo reads and digests all of it.
      try await Tool.run("skopeo", ["copy", "oci:\(layout):1", "dir:\(place.scratch("copied"))"])
    }
  }

  @Test func whatIsConvertedIsPushedAtOnceAndKept() async throws {
    try await Workplace.use { place in
      let name = "\(place.registry.authority)/app:1"
      let options = ["--tag", name, "--output", "type=registry,compression=zstd,force-compression=true"]
      let first = try await place.build(Self.files, ["--progress", "plain"] + options)
      expect(first)
      #expect(first.errorText.contains("compressing layer"))
      let again = try await place.build(Self.files, ["--progress", "plain"] + options)
      expect(again)
      #expect(again.outputText == first.outputText)
      #expect(!again.errorText.contains("compressing layer"))
      let raw = try await Tool.output("skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(name)"])
      #expect(raw.split(separator: "tar+zstd").count == 4 && !raw.contains("gzip"))
      // The name in the store stands for the same image, and it can be built on.
      let child = try await place.build(
        ["Dockerfile": "FROM \(name)\nRUN cmp /data/text /data/same\n"], ["--progress", "plain"], name: "child")
      expect(child)
    }
  }

  @Test func eStargzIsUnpackedByOthers() async throws {
    try await Workplace.use { place in
      let (layout, bundle) = (place.scratch("layout"), place.scratch("bundle"))
      expect(
        try await place.build(
          Self.files,
          ["--quiet", "--tag", "app:1", "--output", "type=oci,tar=false,dest=\(layout),compression=estargz"]))
      try await Tool.run("umoci", ["unpack", "--image", "\(layout):1", bundle.string])
      let root = bundle.appending("rootfs")
      #expect(try FileStatus(of: root.appending("data/text")).size == 4_000_000)
      #expect(
        try FileStatus(of: root.appending("data/text")).inode == FileStatus(of: root.appending("data/same")).inode)
    }
  }

  @Test(arguments: [
    ("type=oci,dest=x,compression=lz4", "there is no compression \"lz4\""),
    ("type=oci,dest=x,compression=gzp", "did you mean compression=gzip?"),
    ("type=oci,dest=x,compression=gzip,compression-level=10", "write a number from 0 (fast) to 9 (small)"),
    ("type=oci,dest=x,compression=zstd,compression-level=0", "write a number from 1 (fast) to 19 (small)"),
    ("type=oci,dest=x,compression=uncompressed,compression-level=1", "what is not compressed has no level"),
    ("type=oci,dest=x,force-compression=maybe", "force-compression=maybe is neither true nor false"),
    ("type=local,dest=x,compression=zstd", "files have no compression"),
  ])
  func mistakesAreTold(option: String, message: String) async throws {
    try await Scratch.use("compression") { scratch in
      let slipway = try SlipwayBinary(scratch)
      let context = try scratch.write(["Dockerfile": "FROM scratch\n"], in: "context")
      let outcome = try await slipway.run(["build", "--output", option, context.string])
      expect(outcome, endsWith: 2)
      #expect(outcome.errorText.contains(message))
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
