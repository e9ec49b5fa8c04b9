import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct ExtendedAttributesTests {
  @Test func keepsValues() throws {
    let scratch = try Scratch("xattr")
    try scratch.write(["file": ""])
    let large = (0..<3000).map { UInt8(truncatingIfNeeded: $0) }
    let values: [(String, [UInt8])] = [
      ("user.b", [0, 255]), ("user.a", large), ("user.empty", []), ("user.\u{E4}", [1]),
    ]
    for (name, value) in values { try ExtendedAttributes.set(name, to: value, at: scratch("file")) }
    try ExtendedAttributes.set("user.b", to: [7], at: scratch("file"))
    let all = try ExtendedAttributes.all(of: scratch("file"))
    let own = all.filter { $0.name.hasPrefix("user.") }
    #expect(own.map(\.name) == ["user.a", "user.b", "user.empty", "user.\u{E4}"])
    #expect(own.map(\.value) == [large, [7], [], [1]])
  }

  @Test func lists() throws {
    let scratch = try Scratch("xattr")
    try scratch.write(["file": ""])
    let names = (0..<30).map { "user.\(String(repeating: "n", count: 50))\($0)" }
    for name in names { try ExtendedAttributes.set(name, to: [1], at: scratch("file")) }
    #expect(Set(try ExtendedAttributes.names(of: scratch("file"))).isSuperset(of: names))
  }

  @Test func doesNotFollowLinks() throws {
    let scratch = try Scratch("xattr")
    try scratch.write(["file": "", "link": .symbolicLink("file")])
    try ExtendedAttributes.set("user.a", to: [1], at: scratch("file"))
    #expect(try ExtendedAttributes.value(of: "user.a", at: scratch("link")) == nil)
    #expect(throws: HostError.self) { try ExtendedAttributes.set("user.b", to: [1], at: scratch("link")) }
  }

  @Test func tellsWhatIsNotThere() throws {
    let scratch = try Scratch("xattr")
    try scratch.write(["file": ""])
    #expect(try ExtendedAttributes.value(of: "user.a", at: scratch("file")) == nil)
    #expect(try ExtendedAttributes.names(of: scratch("absent")).isEmpty)
    #expect(throws: HostError.self) { try ExtendedAttributes.set("user.a", to: [], at: scratch("absent")) }
  }

  @Test func agreesWithPython() async throws {
    try await Scratch.use("xattr") { scratch in
      try scratch.write(["file": ""])
      try ExtendedAttributes.set("user.a", to: Array("value".utf8), at: scratch("file"))
      let script = "import os, sys; sys.stdout.buffer.write(os.getxattr(sys.argv[1], 'user.a'))"
      #expect(try await Tool.output("python3", ["-c", script, scratch("file").string]) == "value")
    }
  }
}
