import Archive
import BuildPlanning
import Diagnostics
import TestSupport
import Testing

@testable import Builder

/// What goes where, and what replaces what; `fixtures/differential` compares the same with BuildKit.
struct FileCopierTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var copies: [(source: String, destination: String)]
    var image: [LayerIndex.Item]
    var layer: [String]

    init(_ source: String, _ destination: String, onto image: [LayerIndex.Item] = [], gives layer: [String]) {
      self.init([(source, destination)], onto: image, gives: layer)
    }

    init(_ copies: [(String, String)], onto image: [LayerIndex.Item] = [], gives layer: [String]) {
      testDescription = copies.map { "COPY \($0) \($1)" }.joined(separator: ", ")
      (self.copies, self.image, self.layer) = (copies, image, layer)
    }
  }

  private static let file = "file 640 0:0"
  private static let folder = "folder 700 0:0"
  private static let made = "folder 755 0:0"

  private let context = SampleLayers.tree([
    [
      .file("f", "f", mode: 0o640), .folder("d", mode: 0o700), .file("d/f", "df", mode: 0o640),
      .folder("d/sub", mode: 0o700), .file("d/sub/g", "g", mode: 0o640), .link("d/link", "f"), .link("to-f", "f"),
      .link("to-d", "d"), .folder("l"), .link("l/sub", "/etc"), .folder("empty", mode: 0o700),
    ]
  ])

  static let cases = [
    Case("/f", "/x", gives: ["x: \(file)"]),
    Case("/f", "/x/", gives: ["x: \(made)", "x/f: \(file)"]),
    Case("/f", "/a/b/x", gives: ["a: \(made)", "a/b: \(made)", "a/b/x: \(file)"]),
    Case("/f", "/", gives: ["f: \(file)"]),
    Case("/f", "/x", onto: [.folder("x", mode: 0o711)], gives: ["x: folder 711 0:0", "x/f: \(file)"]),
    Case("/to-f", "/x/", gives: ["x: \(made)", "x/to-f: \(file)"]),
    Case("/d", "/x", gives: ["x: \(made)", "x/f: \(file)", "x/link: link f", "x/sub: \(folder)", "x/sub/g: \(file)"]),
    Case(
      "/to-d", "/x", gives: ["x: \(made)", "x/f: \(file)", "x/link: link f", "x/sub: \(folder)", "x/sub/g: \(file)"]),
    Case("/empty", "/x", gives: ["x: \(made)"]),
    Case(
      "/d/sub", "/x", onto: [.folder("x", mode: 0o711, owner: 5)], gives: ["x: folder 711 5:5", "x/g: \(file)"]),
    Case(
      "/d", "/x", onto: [.folder("x"), .folder("x/sub", mode: 0o777, owner: 5), .file("x/sub/keep")],
      gives: ["x: \(made)", "x/f: \(file)", "x/link: link f", "x/sub: \(folder)", "x/sub/g: \(file)"]),
    Case("/f", "/x", onto: [.file("x", "old", owner: 5)], gives: ["x: \(file)"]),
    Case("/f", "/x", onto: [.link("x", "/real/new"), .folder("real")], gives: ["real: \(made)", "real/new: \(file)"]),
    Case("/f", "/x", onto: [.link("x", "/nowhere/new")], gives: ["nowhere: \(made)", "nowhere/new: \(file)"]),
    Case("/f", "/x/", onto: [.link("x", "real"), .folder("real")], gives: ["real: \(made)", "real/f: \(file)"]),
    Case("/f", "/x", onto: [.link("x", "../../real"), .folder("real")], gives: ["real: \(made)", "real/f: \(file)"]),
    Case("/f", "/x", onto: [.folder("x"), .link("x/f", "/etc/passwd")], gives: ["x: \(made)", "x/f: \(file)"]),
    Case("/d/sub", "/x", onto: [.link("x", "/nowhere")], gives: ["nowhere: \(made)", "nowhere/g: \(file)"]),
    Case(
      "/d/sub", "/x", onto: [.folder("x"), .link("x/g", "/etc/passwd")], gives: ["x: \(made)", "x/g: \(file)"]),
    Case("/l", "/x", onto: [.folder("x"), .file("x/sub")], gives: ["x: \(made)", "x/sub: link /etc"]),
    Case([("/f", "/x"), ("/d/sub/g", "/x")], gives: ["x: \(file)"]),
    Case([("/f", "/x/"), ("/d/sub", "/x")], gives: ["x: \(made)", "x/f: \(file)", "x/g: \(file)"]),
    Case([("/nothing*", "/x/")], gives: []),
  ]

  @Test(arguments: cases)
  func puts(_ example: Case) throws {
    let actions = example.copies.map { CopyBench.action($0.source, $0.destination) }
    #expect(try CopyBench.layer(actions, from: context, onto: [example.image]) == example.layer)
  }

  @Test(arguments: [
    ("/d", "/x", [LayerIndex.Item.file("x")], "not-a-directory"),
    ("/d", "/x", [.folder("x"), .file("x/sub")], "not-a-directory"),
    ("/d", "/x", [.folder("x"), .link("x/sub", "/y"), .folder("y")], "not-a-directory"),
    ("/d", "/x", [.folder("x"), .folder("x/f")], "is-a-directory"),
    ("/l", "/x", [.folder("x"), .folder("x/sub")], "is-a-directory"),
    ("/f", "/x/", [.file("x")], "not-a-directory"),
    ("/f", "/x/y", [.file("x")], "not-a-directory"),
    ("/f", "/x", [.link("x", "x")], "symbolic-link-loop"),
  ])
  func refuses(_ source: String, _ destination: String, _ image: [LayerIndex.Item], _ code: String) {
    let error = #expect(throws: BuilderError.self) {
      try CopyBench.layer([CopyBench.action(source, destination)], from: context, onto: [image])
    }
    #expect(error?.diagnostics.first?.code.rawValue == code)
  }

  @Test func ownerIsForParentsAndAllThatIsCopied() throws {
    let lines = try CopyBench.layer(
      [CopyBench.action("/d", "/a/b")], from: context, onto: [[]], owner: FileOwner(uid: 5, gid: 6))
    #expect(
      lines == [
        "a: folder 755 5:6", "a/b: folder 755 5:6", "a/b/f: file 640 5:6", "a/b/link: link f",
        "a/b/sub: folder 700 5:6",
        "a/b/sub/g: file 640 5:6",
      ])
  }

  @Test(arguments: [
    (
      "711",
      ["x: folder 711 0:0", "x/f: file 711 0:0", "x/link: link f", "x/sub: folder 711 0:0", "x/sub/g: file 711 0:0"]
    ),
    (
      "2777",
      ["x: folder 755 0:0", "x/f: file 2777 0:0", "x/link: link f", "x/sub: folder 2777 0:0", "x/sub/g: file 2777 0:0"]
    ),
    (
      "g+rX",
      ["x: folder 755 0:0", "x/f: file 640 0:0", "x/link: link f", "x/sub: folder 750 0:0", "x/sub/g: file 640 0:0"]
    ),
  ])
  func modeIsForFilesAndFoldersAndForParentsIfOctal(_ mode: String, _ layer: [String]) throws {
    #expect(try CopyBench.layer([CopyBench.action("/d", "/x", mode: mode)], from: context, onto: [[]]) == layer)
  }

  @Test func parentsComeWithTheirAttributesUnlessTheyAreThere() throws {
    let action = CopyBench.action("d/sub/g", "/x", keepsParents: true)
    #expect(
      try CopyBench.layer([action], from: context, onto: [[.folder("x"), .folder("x/d", mode: 0o711)]]) == [
        "x: folder 755 0:0", "x/d: folder 711 0:0", "x/d/sub: folder 700 0:0", "x/d/sub/g: file 640 0:0",
      ])
  }
}
