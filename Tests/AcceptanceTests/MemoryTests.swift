import Diagnostics
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite struct MemoryTests {
  /// In bytes; the bound is above what the program needs to say its version.
  private static let bound = 150 << 20

  @Test func aLayerOfAGigabyteNeedsLittleMemory() async throws {
    try await Scratch.use("memory") { scratch in
      let slipway = try SlipwayBinary(scratch)
      let context = try scratch.write(["Dockerfile": "FROM scratch\nCOPY big /\n"], in: "context")
      try writeGigabyte(to: context.appending("big"))
      let idle = try await peak(of: slipway, ["--version"])
      let building = try await peak(of: slipway, ["build", "--quiet", "--tag", "big", context.string])
      #expect(building - idle < Self.bound, "\(building >> 20) MiB at the peak, \(idle >> 20) MiB idle")
      let raw = try await Tool.output(
        "skopeo", ["inspect", "--raw", "oci:\(slipway.store)/oci:docker.io/library/big:latest"])
      let manifest = try RawManifest(bytes: Array(raw.utf8), mediaType: nil)
      guard case .image(let image) = manifest.content else {
        throw OCIError("no-image", "\(raw) is no manifest")
      }
      #expect(image.layers.map(\.size).reduce(0, +) > 400 << 20)
    }
  }

  @Test func layersGoToARegistryAndComeBackInLittleMemory() async throws {
    try await TestRegistry.serve { registry in
      try await Scratch.use("memory") { scratch in
        var slipway = try SlipwayBinary(scratch)
        let context = try scratch.write(["Dockerfile": "FROM scratch\nCOPY big /\n"], in: "context")
        try await Tool.run("sh", ["-c", "head -c \(256 << 20) /dev/urandom >\(context.appending("big"))"])
        let name = "\(registry.authority)/big:1"
        let pushing = try await peak(of: slipway, ["build", "--quiet", "--tag", name, "--push", context.string])
        #expect(pushing < Self.bound, "\(pushing >> 20) MiB")
        slipway.environment.variables["SLIPWAY_ROOT"] = scratch("other").string
        let child = try scratch.write(["Dockerfile": "FROM \(name)\nENV A=1\n"], in: "child")
        let output = "type=oci,dest=\(scratch("big.tar"))"
        let pulling = try await peak(of: slipway, ["build", "--quiet", "--output", output, child.string])
        #expect(pulling < Self.bound, "\(pulling >> 20) MiB")
        #expect(try FileStatus(of: scratch("big.tar")).size > 256 << 20)
      }
    }
  }

  /// Whichever way it goes, of which nothing is compressed or decompressed but for the looks into it.
  @Test func aGigabyteIsMovedWithLittleMemory() async throws {
    try await Workplace.use(.init(storage: .folder)) { place in
      let slipway = place.slipway
      let context = try place.scratch.write(["Dockerfile": "FROM scratch\nCOPY big /\n"], in: "context")
      try writeGigabyte(to: context.appending("big"))
      let name = "\(place.registry.authority)/big:1"
      expect(
        try await slipway.run([
          "build", "--quiet", "--tag", name, "--output", "type=oci,dest=/dev/null,compression=uncompressed",
          context.string,
        ]))
      var other = slipway
      other.environment.variables["SLIPWAY_ROOT"] = place.scratch("other-store").string
      let archive = place.scratch("big.tar")
      let moves: [(SlipwayBinary, [String])] = [
        (slipway, ["push", "--quiet", name]), (other, ["copy", "--quiet", name, "\(place.registry.authority)/copy:1"]),
        (other, ["pull", "--quiet", name]), (other, ["save", "--quiet", name, "--output", archive.string]),
        (other, ["copy", "--quiet", name, "oci-archive:/dev/null"]),
        (slipway, ["load", "--quiet", "--input", archive.string]),
        (other, ["validate", "--quiet", "docker://\(name)"]),
      ]
      for (binary, arguments) in moves {
        let peak = try await peak(of: binary, arguments)
        #expect(peak < 100 << 20, "\(arguments[0]) takes \(peak >> 20) MiB")
      }
    }
  }

  /// Half of it cannot be compressed.
  private func writeGigabyte(to path: FilePath) throws {
    var generator = SystemRandomNumberGenerator()
    let random = (0..<131_072).flatMap { _ in withUnsafeBytes(of: generator.next() as UInt64, Array.init) }
    let text = Array(
      repeatElement(Array("All hands on deck, said the captain.\n".utf8), count: 28_340).joined().prefix(1 << 20))
    try Files.withDescriptor(path, .writeOnly, options: .create, permissions: FilePermissions(rawValue: 0o644)) {
      file in
      for index in 0..<1024 { _ = try file.writeAll(index.isMultiple(of: 2) ? random : text) }
    }
  }

  /// The largest resident set of any of its processes, in bytes.
  private func peak(of slipway: SlipwayBinary, _ arguments: [String]) async throws -> Int {
    let script = """
      import resource, subprocess, sys
      code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
      print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 if code == 0 else -1)
      """
    let text = try await Tool.output(
      "python3", ["-c", script, slipway.executable.string] + arguments, environment: slipway.environment)
    let bytes = try #require(Int(text))
    try #require(bytes > 0, "slipway failed")
    return bytes
  }
}
