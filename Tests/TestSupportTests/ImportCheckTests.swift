import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct ImportCheckTests {
  private static let manifest = """
    // swift-tools-version: 6.2
    import PackageDescription
    let package = Package(
      name: "ships",
      targets: [
        .target(name: "Keel"), .target(name: "Hull", dependencies: ["Keel"]), .target(name: "Deck", dependencies: ["Hull"]),
      ])
    """

  /// What a module imports, and the line that is said about it, if any.
  static let cases: [(deck: String, finding: String?)] = [
    ("import Foundation\npublic import Hull\n", nil),
    ("// import Keel\nlet text = \"\"\"\n  import Keel\n  \"\"\"\n", nil),
    ("import Hull\n@testable import Keel\n", "Sources/Deck/Deck.swift:2: Deck imports Keel and does not declare it"),
    ("internal import struct Keel.Plank\n", "Sources/Deck/Deck.swift:1: Deck imports Keel and does not declare it"),
  ]

  @Test(arguments: cases)
  func findsWhatIsNotDeclared(_ deck: String, _ finding: String?) async throws {
    try await Scratch.use { scratch in
      try scratch.write([
        "Package.swift": .file(Self.manifest), "Sources/Keel/Keel.swift": "",
        "Sources/Hull/Hull.swift": "import Keel\n",
        "Sources/Deck/Deck.swift": .file(deck),
      ])
      let check = Checkout.root.appending(".ci").appending("check-imports")
      let outcome = try await Tool.attempt("python3", [check.string, scratch.path.string])
      #expect(outcome.status == (finding == nil ? 0 : 1), "\(outcome.errorText)")
      #expect(outcome.errorText.split(separator: "\n").first.map(String.init) == finding)
    }
  }
}
