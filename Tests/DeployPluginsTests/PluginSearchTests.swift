import DeployPlugins
import Diagnostics
import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct PluginSearchTests {
  private let scratch: Scratch
  private let search: PluginSearch

  init() throws {
    scratch = try Scratch("plugins")
    for folder in ["own", "data/slipway/plugins", "prefix/libexec/slipway", "prefix/bin", "path", "checkout/bin"] {
      try scratch.write([folder: .directory()])
    }
    search = PluginSearch(
      builtIns: ["rolling"], executable: scratch("prefix/bin/slipway"),
      environment: [
        "SLIPWAY_PLUGIN_PATH": "relative:\(scratch("own"))", "XDG_DATA_HOME": scratch("data").string,
        "PATH": "bin:\(scratch("checkout/bin")):\(scratch("path"))",
      ], checkout: scratch("checkout"))
  }

  private func write(_ path: String, mode: UInt16 = 0o755) throws {
    try scratch.write([path: .file("#!/bin/sh\n")])
    try Files.setMode(scratch(path), mode)
  }

  private static let places = [
    "own/slipway-deploy-x", "data/slipway/plugins/slipway-deploy-x", "prefix/libexec/slipway/slipway-deploy-x",
    "path/slipway-deploy-x",
  ]

  /// The first place counts, and the others are shadowed.
  @Test(arguments: 0..<4) func placesCountInTheirOrder(first: Int) throws {
    for place in Self.places[first...] { try write(place) }
    #expect(try search.find("x").path == scratch(Self.places[first]))
    let entries = search.entries().filter { $0.plugin.name == "x" }
    #expect(entries.map(\.plugin.path) == Self.places[first...].map { scratch($0) })
    #expect(
      entries.map(\.state)
        == [.usable] + Self.places[first...].dropFirst().map { _ in .shadowed(by: scratch(Self.places[first]).string) })
  }

  @Test func builtInsAreNeverShadowed() throws {
    try write("own/slipway-deploy-rolling")
    let found = try search.find("rolling")
    #expect(found.isBuiltIn && found.path == scratch("prefix/bin/slipway"))
    #expect(search.entries().map(\.state) == [.usable, .shadowed(by: "the built-in one")])
  }

  @Test func nothingComesFromTheCheckout() throws {
    try write("checkout/bin/slipway-deploy-x")
    try write("bin/slipway-deploy-x")
    let error = #expect(throws: PluginError.self) { try search.find("x") }
    #expect(error?.diagnostics.first?.message == "there is no plugin \"x\"")
    // A link that leads out of it does not make it a place for plugins.
    try Files.makeSymbolicLink(scratch("linked"), saying: scratch("checkout/bin"))
    var linked = search
    linked.environment.variables["PATH"] = scratch("linked").string
    #expect(throws: PluginError.self) { try linked.find("x") }
    // Whoever says the path means it.
    #expect(try search.find("./bin/slipway-deploy-x", from: scratch("checkout")).name == "x")
  }

  struct Refusal: Sendable {
    var file: UInt16
    var folder: UInt16
    var reason: String?
  }

  @Test(arguments: [
    Refusal(file: 0o755, folder: 0o755, reason: nil),
    Refusal(file: 0o775, folder: 0o755, reason: "others may write to it (mode 0775)"),
    Refusal(file: 0o757, folder: 0o755, reason: "others may write to it (mode 0757)"),
    Refusal(file: 0o755, folder: 0o777, reason: "(mode 0777)"),
    Refusal(file: 0o755, folder: 0o775, reason: "(mode 0775)"),
    Refusal(file: 0o755, folder: 0o1777, reason: nil),
  ])
  func filesThatOthersCanWriteAreRefused(_ item: Refusal) throws {
    try write("own/slipway-deploy-x", mode: item.file)
    try write("path/slipway-deploy-x")
    try Files.setMode(scratch("own"), item.folder)
    for name in ["x", scratch("own/slipway-deploy-x").string] {
      guard let reason = item.reason else {
        #expect(try search.find(name).path.lastComponent == "slipway-deploy-x")
        continue
      }
      let error = #expect(throws: PluginError.self) { try search.find(name) }
      #expect(error?.diagnostics.first?.message.contains(reason) == true && error?.exitCode == .usage)
    }
    if let reason = item.reason,
      case .refused(let found)? = search.entries().first(where: { $0.plugin.name == "x" })?.state
    {
      #expect(found.contains(reason))
    }
  }

  @Test func pinsAreCompared() throws {
    try write("own/slipway-deploy-x")
    let digest = "sha256:" + SHA256Hasher.hex(of: Array("#!/bin/sh\n".utf8))
    #expect(try search.find("x", pin: digest).digest() == digest)
    for (pin, words) in [
      ("sha256:" + String(repeating: "0", count: 64), "is not the one that is pinned"), ("sha256:12", "is no SHA-256"),
    ] {
      let error = #expect(throws: PluginError.self) { try search.find("x", pin: pin) }
      #expect(error?.diagnostics.first?.message.contains(words) == true)
    }
  }

  @Test func wrongNamesGetTheRightOne() throws {
    let error = #expect(throws: PluginError.self) { try search.find("roling") }
    #expect(error?.diagnostics.first?.help == ["did you mean rolling?"])
    #expect(throws: PluginError.self) { try search.find("/gone/slipway-deploy-x") }
  }

  @Test func whatIsNotExecutableIsNoPlugin() throws {
    try write("own/slipway-deploy-x", mode: 0o644)
    try write("path/slipway-deploy-x")
    #expect(try search.find("x").path == scratch("path/slipway-deploy-x"))
    #expect(throws: PluginError.self) { try search.find(scratch("own/slipway-deploy-x").string) }
  }
}
