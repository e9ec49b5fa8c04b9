import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Layers in every compression, as other people's programs read them: byte for byte what was packed. What a program
/// cannot read it refuses, and that is tested, too.
@Suite struct ReaderTests {
  /// By names that are folders: the fields of `--output`, and the media type of a layer.
  private static let compressions: [(name: String, fields: String, kind: String)] = [
    ("stored", "compression=gzip,compression-level=0", "tar+gzip"),
    ("fast", "compression=gzip,compression-level=1", "tar+gzip"), ("usual", "compression=gzip", "tar+gzip"),
    ("small", "compression=gzip,compression-level=9", "tar+gzip"), ("zstd", "compression=zstd", "tar+zstd"),
    ("zstd-fast", "compression=zstd,compression-level=1", "tar+zstd"),
    ("zstd-small", "compression=zstd,compression-level=12", "tar+zstd"),
    ("estargz", "compression=estargz", "tar+gzip"), ("plain", "compression=uncompressed", "tar"),
  ]

  /// A layer of many pieces, part of which cannot be compressed; one of many files; one of nothing.
  private static let dockerfile = """
    ARG BASE
    FROM $BASE
    COPY noise text /large/
    RUN mkdir /many && cd /many && for i in $(seq 300); do echo $i >file-$i; done && ln file-1 again && ln -s again link
    RUN true

    """

  /// 9 MiB.
  private static let noise: [UInt8] = {
    var state: UInt64 = 88_172_645_463_325_252
    return (0..<(9 << 20)).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 32)
    }
  }()

  private static func build(in place: Workplace, _ outputs: [String]) async throws {
    let files: [String: ScratchEntry] = [
      "Dockerfile": .file(dockerfile), "noise": .bytes(noise, mode: 0o644),
      "text": .file(String(repeating: "the same line again\n", count: 200_000)),
    ]
    expect(
      try await place.build(
        files, ["--quiet", "--timestamp", "0", "--tag", "app:1"] + outputs.flatMap { ["--output", $0] }))
  }

  // MARK: Layers

  /// A layer of a layout, above the base.
  private struct Layer: Decodable {
    var kind: String
    var digest: String
    var diffID: String
    /// Of eStargz.
    var table: String?
    var blob: FilePath { FilePath("blobs/sha256/\(digest)") }
  }

  private func layers(of layout: FilePath) async throws -> [Layer] {
    let program = #"""
      [.[0].layers, .[1].rootfs.diff_ids] | transpose | .[1:]
      | map({kind: .[0].mediaType | split(".") | last, digest: .[0].digest[7:], diffID: .[1][7:],
             table: .[0].annotations["containerd.io/snapshot/stargz/toc.digest"]})
      """#
    let image = "oci:\(layout):1"
    let documents = try await [["--raw"], ["--config", "--raw"]].asyncMap {
      try await Tool.output("skopeo", ["inspect"] + $0 + [image])
    }
    let list = try await Tool.run("jq", ["-s", program], input: Array(documents.joined().utf8))
    return try JSONDecoder().decode([Layer].self, from: Data(list.output))
  }

  /// Programs that decompress to standard output, and programs that list a tar, by what they read.
  private func readers(of kind: String, _ go: FilePath) -> (decoders: [[String]], listers: [[String]]) {
    let python = "import gzip, shutil, sys; shutil.copyfileobj(gzip.open(sys.argv[1]), sys.stdout.buffer)"
    let tarfile = "import sys, tarfile; [print(m.name + '/' * m.isdir()) for m in tarfile.open(sys.argv[1])]"
    switch kind {
    case "tar+gzip":
      return (
        [
          ["gzip", "-dc"], ["bsdcat"], ["python3", "-c", python], [go.string, "cat"],
          ["zstd", "-dcq", "--format=gzip"],
        ],
        [["tar", "-tzf"], ["bsdtar", "-tf"], ["python3", "-c", tarfile], [go.string, "list"]]
      )
    case "tar+zstd":
      return ([["zstd", "-dcq"], ["bsdcat"]], [["tar", "--zstd", "-tf"], ["bsdtar", "-tf"]])
    default: return ([["cat"], ["bsdcat"]], [["tar", "-tf"], ["bsdtar", "-tf"], ["python3", "-c", tarfile]])
    }
  }

  /// GNU gzip, tar and zstd, bsdtar, Python, and Go's own packages, which skopeo, umoci, docker and podman are made of.
  @Test func decompressorsAndArchivers() async throws {
    try await Workplace.use { place in
      let outputs = Self.compressions.map { "type=oci,tar=false,dest=\(place.scratch($0.name)),\($0.fields)" }
      try await Self.build(in: place, outputs)
      let go = try await Self.goReader(in: place.scratch)
      var names: [[String]] = []
      for (name, _, kind) in Self.compressions {
        let layout = place.scratch(name)
        let layers = try await layers(of: layout)
        #expect(layers.map(\.kind) == [kind, kind, kind], "\(name)")
        for (index, layer) in layers.enumerated() {
          let blob = layout.pushing(layer.blob).string
          let (decoders, listers) = readers(of: kind, go)
          for decoder in decoders {
            let digest = try await Tool.output(
              "bash", ["-o", "pipefail", "-ec", #""$@" | sha256sum"#, "bash"] + decoder + [blob])
            #expect(digest == "\(layer.diffID)  -", "\(decoder[0]) reads \(name), layer \(index)")
          }
          let lists = try await listers.asyncMap { try await Tool.output($0[0], $0.dropFirst() + [blob]) }
          #expect(Set(lists).count == 1, "\(name), layer \(index)")
          let own = [".no.prefetch.landmark", "stargz.index.json"]
          let found = lists[0].split(separator: "\n").map(String.init).filter { !own.contains($0) }
          if names.count == index { names.append(found) } else { #expect(found == names[index], "\(name)") }
          #expect((layer.table != nil) == (name == "estargz"))
          if let table = layer.table {
            try await Tool.run("python3", [Checkout.fixture("estargz/verify.py").string, blob, table])
          }
        }
      }
      #expect(names.map(\.count) == [3, 303, 0])
    }
  }

  /// A program of Go's standard library alone: `cat` decompresses, `list` prints the names in the tar.
  private static func goReader(in scratch: Scratch) async throws -> FilePath {
    let program = """
      package main

      import (
      \t"archive/tar"
      \t"compress/gzip"
      \t"fmt"
      \t"io"
      \t"os"
      )

      func check(err error) {
      \tif err != nil {
      \t\tpanic(err)
      \t}
      }

      func main() {
      \tfile, err := os.Open(os.Args[2])
      \tcheck(err)
      \tcontent, err := gzip.NewReader(file)
      \tcheck(err)
      \tif os.Args[1] == "cat" {
      \t\t_, err = io.Copy(os.Stdout, content)
      \t\tcheck(err)
      \t\treturn
      \t}
      \tarchive := tar.NewReader(content)
      \tfor {
      \t\tentry, err := archive.Next()
      \t\tif err == io.EOF {
      \t\t\treturn
      \t\t}
      \t\tcheck(err)
      \t\tfmt.Println(entry.Name)
      \t}
      }

      """
    try scratch.write(["main.go": .file(program)], in: "go")
    let environment = Environment([
      "PATH": Environment.current["PATH"] ?? "/usr/bin:/bin", "HOME": scratch("go").string, "CGO_ENABLED": "0",
      "GO111MODULE": "off", "GOFLAGS": "", "GOPROXY": "off", "GOCACHE": scratch("go/cache").string,
    ])
    try await Tool.run("go", ["build", "-o", "reader", "main.go"], environment: environment, in: scratch("go"))
    return scratch("go/reader")
  }

  // MARK: Images

  /// skopeo decompresses all; umoci unpacks all but zstd.
  @Test func toolsThatReadLayouts() async throws {
    try await Workplace.use { place in
      let outputs = Self.compressions.map { "type=oci,tar=false,dest=\(place.scratch($0.name)),\($0.fields)" }
      try await Self.build(in: place, outputs)
      for (name, _, kind) in Self.compressions {
        let layout = place.scratch(name)
        let folder = place.scratch("\(name)-decompressed")
        try await Tool.run("skopeo", ["copy", "--dest-decompress", "oci:\(layout):1", "dir:\(folder)"])
        for layer in try await layers(of: layout) {
          let digest = try await Tool.output("sha256sum", [folder.appending(layer.diffID).string])
          #expect(digest.hasPrefix(layer.diffID), "\(name)")
        }
        let bundle = place.scratch("\(name)-bundle")
        let unpacked = try await Tool.attempt("umoci", ["unpack", "--image", "\(layout):1", bundle.string])
        guard kind != "tar+zstd" else {
          #expect(!unpacked.succeeded && unpacked.errorText.contains("tar+zstd"), "\(unpacked.errorText)")
          continue
        }
        expect(unpacked)
        let root = bundle.appending("rootfs")
        #expect(try Files.read(root.appending("large/noise")) == Self.noise, "\(name)")
        #expect(try Files.names(in: root.appending("many")).count == 302)
      }
    }
  }

  /// podman all, docker all but zstd.
  @Test func toolsThatLoadArchives() async throws {
    try await Workplace.use { place in
      let compressions = Self.compressions.filter { !$0.name.hasPrefix("zstd-") }
      let archive = { (name: String) in place.scratch("\(name).tar") }
      try await Self.build(in: place, compressions.map { "type=docker,dest=\(archive($0.name)),\($0.fields)" })
      try await DockerDaemon.run { daemon in
        for (name, _, kind) in compressions {
          let loaded = try await daemon.docker(["load", "--input", archive(name).string])
          guard kind != "tar+zstd" else {
            // Docker before 23 takes it for a tar.
            #expect(!loaded.succeeded && loaded.errorText.contains("invalid tar header"), "\(loaded.errorText)")
            continue
          }
          expect(loaded)
          #expect(try await daemon.docker(["image", "rm", "app:1"]).succeeded, "\(name)")
        }
      }
      // podman takes no run folder whose path has more than 50 characters.
      try await Scratch.use("p") { scratch in
        let podman = ["--root", scratch("root").string, "--runroot", scratch.path.string, "--storage-driver", "vfs"]
        for (name, _, _) in compressions {
          try await Tool.run("podman", podman + ["load", "--quiet", "--input", archive(name).string])
          let root = try await Tool.output("podman", podman + ["image", "mount", "app:1"])
          #expect(try Files.read(FilePath(root).pushing("large/noise")) == Self.noise, "\(name)")
          #expect(try Files.names(in: FilePath(root).pushing("many")).count == 302)
          try await Tool.run("podman", podman + ["image", "rm", "--force", "app:1"])
        }
      }
    }
  }
}

extension Sequence {
  /// One after the other.
  fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
