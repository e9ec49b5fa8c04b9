import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Documents name what the program has.
@Suite struct DocumentTests {
  /// Flags of `slipway build --help`, without those that every command has.
  @Test func flagsOfBuildAreDocumented() async throws {
    try await Scratch.use("documents") { scratch in
      let help = try await SlipwayBinary(scratch).run(["build", "--help"]).outputText
      let documents = try ["README.md", "docs/build.md"].map { name in
        String(decoding: try Files.read(Checkout.root.pushing(FilePath(name))), as: UTF8.self)
      }.joined()
      let flags = Self.flags(in: help).subtracting(["--help", "--version"])
      #expect(flags.count > 20)
      #expect(flags.subtracting(Self.flags(in: documents)).sorted() == [])
    }
  }

  @Test func flagsThatDocumentsNameAreThere() async throws {
    try await Scratch.use("documents") { scratch in
      let help = try await SlipwayBinary(scratch).run(["build", "--help"]).outputText
      let page = String(decoding: try Files.read(Checkout.root.pushing("docs/build.md")), as: UTF8.self)
      // Those of instructions and of other programs stand behind a word in capitals or a name.
      let own = page.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 && $0.element.hasPrefix("--") }
      let named = Self.flags(in: own.map { String($0.element) }.joined(separator: " "))
      #expect(named.count > 20)
      #expect(named.subtracting(Self.flags(in: help)).sorted() == [])
    }
  }

  private static func flags(in text: String) -> Set<String> {
    Set(text.matches(of: /--[a-z][a-z-]+/).map { String($0.output) })
  }
}
