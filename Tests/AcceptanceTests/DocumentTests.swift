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

  private static let imageCommands = [
    ["copy"], ["push"], ["pull"], ["tag"], ["save"], ["load"], ["ls"], ["inspect"], ["digest"], ["validate"],
    ["manifest", "create"], ["manifest", "annotate"], ["manifest", "push"], ["manifest", "merge"],
  ]

  /// Those of the commands that move images and look at them, in both directions.
  @Test func flagsOfImagesAreDocumented() async throws {
    try await Scratch.use("documents") { scratch in
      var flags: Set<String> = []
      for command in Self.imageCommands {
        let help = try await SlipwayBinary(scratch).run(command + ["--help"])
        #expect(help.status == 0, "\(command)")
        flags.formUnion(Self.flags(in: help.outputText))
      }
      flags.subtract(["--help", "--version"])
      let page = String(decoding: try Files.read(Checkout.root.pushing("docs/images.md")), as: UTF8.self)
      #expect(flags.count > 15)
      #expect(flags.subtracting(Self.flags(in: page)).sorted() == [])
      // Those of builds and of prune stand there, too.
      let others: Set = ["--push", "--metadata-file", "--all", "--filter"]
      #expect(Self.flags(in: page).subtracting(flags).subtracting(others).sorted() == [])
      for command in Self.imageCommands { #expect(page.contains(command.joined(separator: " "))) }
    }
  }

  /// Those of `slipway run`, in both directions.
  @Test func flagsOfRunAreDocumented() async throws {
    try await Scratch.use("documents") { scratch in
      let help = try await SlipwayBinary(scratch).run(["run", "--help"]).outputText
      let page = String(decoding: try Files.read(Checkout.root.pushing("docs/run.md")), as: UTF8.self)
      let flags = Self.flags(in: help).subtracting(["--help", "--version"])
      #expect(flags.count > 12)
      #expect(flags.subtracting(Self.flags(in: page)).sorted() == [])
      #expect(Self.flags(in: page).subtracting(flags).subtracting(["--posix"]).sorted() == [])
    }
  }

  private static func flags(in text: String) -> Set<String> {
    Set(text.matches(of: /--[a-z][a-z-]+/).map { String($0.output) })
  }
}
