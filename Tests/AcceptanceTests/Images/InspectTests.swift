import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// What is said of images, and what of them is found to be wrong.
@Suite struct InspectTests {
  @Test func whatAnImageIsMadeOf() async throws {
    try await Workplace.use(.init(access: .token(.example))) { place in
      let images = SampleImages(place: place)
      let name = "\(images.authority)/several:1"
      let digest = try await images.buildIndex(name)
      try await images.slipway(["push", "--quiet", name])
      for image in ["store://\(name)", "docker://\(name)", name] {
        let text = try await images.slipway(["inspect", "--quiet", image])
        #expect(
          text.contains("Digest  \(digest)") && text.contains("linux/arm64") && text.contains("arch=amd64"), "\(text)")
        let json = try await place.slipway.run(["inspect", "--quiet", "--format", "json", image])
        let platforms = try await Tool.run("jq", ["-r", ".images[].platform"], input: json.output).outputText
        #expect(platforms == "linux/amd64\nlinux/arm64\n")
        let raw = try await place.slipway.run(["inspect", "--quiet", "--raw", image])
        #expect(Digest(sha256Of: raw.output).description == digest)
        let config = try await place.slipway.run(["inspect", "--quiet", "--config", "--platform", "linux/arm64", image])
        let theirs = try await Tool.run(
          "skopeo",
          ["--override-arch", "arm64", "inspect", "--config", "--raw"] + place.registry.skopeoOptions + [
            "docker://\(name)"
          ])
        #expect(config.output == theirs.output)
      }
      #expect(try await images.slipway(["digest", "--quiet", name]) == digest)
      let arm = try await images.slipway(["digest", "--quiet", "--platform", "linux/arm64", name])
      let raw = try await place.slipway.run(["inspect", "--quiet", "--raw", "--platform", "linux/arm64", name])
      #expect(Digest(sha256Of: raw.output).description == arm)
      // A digest is asked for without reading.
      let reads = try place.registry.requests().filter { $0.path.hasSuffix("/several/manifests/1") && $0.status == 200 }
        .suffix(2)
      #expect(reads.first?.method == "HEAD")
      let unknown = try await place.slipway.run(["digest", "--quiet", "\(images.authority)/several:2"])
      #expect(unknown.status == 1 && unknown.errorText.contains("error[manifest-unknown]"), "\(unknown.errorText)")
    }
  }

  @Test func listsOfImagesAndTags() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      #expect(try await images.slipway(["ls"]).split(separator: "\n").count == 1)
      let name = "\(images.authority)/many"
      let digest = try await images.buildIndex("\(name):v1")
      _ = try await images.buildOnBase("app:1")
      let table = try await images.slipway(["ls"]).split(separator: "\n").map(String.init)
      #expect(table.count == 3 && table[0].hasPrefix("NAME"))
      #expect(table[1].hasPrefix("\(name):v1") && table[1].contains("linux/amd64, linux/arm64"), "\(table)")
      #expect(table[1].contains(Digest(digest)?.short ?? "?"))
      #expect(table[2].hasPrefix("app:1 "))
      try await images.slipway(["push", "--quiet", "\(name):v1"])
      let tags = (1...120).map { "t\($0)" }
      try await images.slipway(["tag", "--quiet", "docker://\(name):v1"] + tags)
      #expect(
        Set(try await images.slipway(["ls", name]).split(separator: "\n").map(String.init)) == Set(tags + ["v1"]))
      let json = try await place.slipway.run(["ls", "--format", "json", name])
      #expect(try await Tool.run("jq", [".tags | length"], input: json.output).outputText == "121\n")
      try await images.slipway(["copy", "--quiet", "\(name):t7", "oci:\(place.scratch("layout")):seven"])
      #expect(try await images.slipway(["ls", "oci:\(place.scratch("layout"))"]).contains("\nseven "))
      let none = try await place.slipway.run(["ls", "\(images.authority)/nothing"])
      #expect(none.status == 1 && none.errorText.contains("name-unknown"), "\(none.errorText)")
    }
  }

  // MARK: Validation

  @Test func whatIsWholeIsValid() async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      let name = "\(images.authority)/app:1"
      let digest = try await images.buildLabel(name)
      // The layer is where the base is.
      #expect(
        try await images.slipway(["validate", "--quiet", "store://\(name)"]).hasPrefix(
          "\(name)@\(digest) is valid: 1 manifests, "))
      try await images.slipway(["push", "--quiet", name])
      #expect(try await images.slipway(["validate", "--quiet", "docker://\(name)"]).contains("is valid"))
    }
  }

  /// What is wrong in a layout that one thing was done to.
  @Test(arguments: [
    ("printf x >>\"$layer\"", "layer 1", "is not what was announced"),
    ("rm \"$layer\"", "layer 1", "is not in the store"),
    ("printf x >>\"$config\"", "configuration", "is not what was announced"),
    (
      "edit config '.rootfs.diff_ids[0] = \"sha256:\" + (\"0\" * 64)'", "layer 1",
      "and the configuration says sha256:0000"
    ),
    (
      "edit config '.rootfs.diff_ids += [.rootfs.diff_ids[0]]'", "configuration",
      "it lists 3 layers, and the manifest 2"
    ),
    (
      "edit config '.architecture = \"s390x\"'", "configuration",
      "it is for linux/s390x, and its index says linux/arm64"
    ),
    ("edit manifest '.layers[0].mediaType |= sub(\"gzip\"; \"zstd\")'", "layer 1", "it is gzip, and its type is"),
    ("edit manifest '.layers[0].size += 1'", "layer 1", "is not what was announced"),
    ("edit index '.manifests[1].size += 1'", "manifest", "and its index says"),
    ("rm \"$manifest\"", "manifest", "there is no manifest"),
  ])
  func faults(_ change: String, _ part: String, _ message: String) async throws {
    try await Workplace.use { place in
      let images = SampleImages(place: place)
      _ = try await images.buildIndex("several:1")
      let layout = place.scratch("layout")
      try await images.slipway(["copy", "--quiet", "store://several:1", "oci:\(layout):1"])
      // Documents are changed with all that names them, so that only one thing is wrong.
      let script = #"""
        cd "$1"
        blob() { echo "blobs/sha256/${1#sha256:}"; }
        top=$(jq -r '.manifests[0].digest' index.json)
        index=$(blob "$top")
        child=$(jq -r '.manifests[] | select(.platform.architecture == "arm64") | .digest' "$index")
        manifest=$(blob "$child")
        config=$(blob "$(jq -r .config.digest "$manifest")")
        layer=$(blob "$(jq -r '.layers[0].digest' "$manifest")")
        put() {
          new=sha256:$(sha256sum <"$1" | cut -d' ' -f1)
          size=$(stat -c %s "$1")
          mv "$1" "$(blob "$new")"
        }
        edit() {
          case $1 in
          config)
            jq -c "$2" "$config" >new && put new
            edit manifest ".config.digest = \"$new\" | .config.size = $size" ;;
          manifest)
            jq -c "$2" "$manifest" >new && put new
            edit index "(.manifests[] | select(.digest == \"$child\")) |= (.digest = \"$new\" | .size = $size)" ;;
          index)
            jq -c "$2" "$index" >new && put new
            jq -c ".manifests[0].digest = \"$new\" | .manifests[0].size = $size" index.json >new && mv new index.json ;;
          esac
        }
        \#(change)
        """#
      try await Tool.run("bash", ["-euc", script, "bash", layout.string])
      let outcome = try await place.slipway.run(["validate", "--quiet", "oci:\(layout):1"])
      #expect(outcome.status == 3, "\(outcome.errorText)")
      let lines = outcome.outputText.split(separator: "\n")
      #expect(lines.count == 1, "\(outcome.outputText)")
      #expect(
        lines.first?.contains(": \(part): ") == true && lines.first?.contains(message) == true, "\(outcome.outputText)")
      let json = try await place.slipway.run(["validate", "--quiet", "--format", "json", "oci:\(layout):1"])
      #expect(
        try await Tool.run("jq", ["-r", ".valid, .faults[0].part"], input: json.output).outputText == "false\n\(part)\n"
      )
    }
  }
}
