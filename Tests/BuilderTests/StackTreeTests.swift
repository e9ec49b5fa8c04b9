import Archive
import OCI
import TestSupport
import Testing

@testable import Builder

/// image-spec, layer.md, "Applying Changesets", answered from indexes.
struct StackTreeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var layers: [[LayerIndex.Item]]
    var files: [String]

    init(_ name: String, _ layers: [[LayerIndex.Item]], gives files: [String]) {
      (testDescription, self.layers, self.files) = (name, layers, files)
    }
  }

  static let cases = [
    Case("nothing", [], gives: []),
    Case("an empty layer", [[], [.file("a", "one")], []], gives: ["a=one"]),
    Case("the upper file counts", [[.file("a", "one")], [.file("a", "two")]], gives: ["a=two"]),
    Case(
      "folders merge", [[.folder("d"), .file("d/a", "one")], [.folder("d"), .file("d/b", "two")]],
      gives: ["d/", "d/a=one", "d/b=two"]),
    Case(
      "a whiteout hides a file", [[.folder("d"), .file("d/a", "one"), .file("d/b", "two")], [.whiteout("d/a")]],
      gives: ["d/", "d/b=two"]),
    Case(
      "a whiteout hides a folder with all that is in it",
      [[.folder("d"), .folder("d/e"), .file("d/e/a", "one")], [.whiteout("d")]], gives: []),
    Case(
      "a whiteout does not hide its own layer",
      [[.folder("d"), .file("d/a", "one")], [.whiteout("d"), .folder("d"), .file("d/b", "two")]],
      gives: ["d/", "d/b=two"]),
    Case(
      "an opaque folder hides what is below",
      [[.folder("d"), .file("d/a", "one"), .folder("d/e")], [.folder("d"), .opaque("d"), .file("d/b", "two")]],
      gives: ["d/", "d/b=two"]),
    Case(
      "an opaque folder hides deep things",
      [[.folder("d"), .folder("d/e"), .file("d/e/a", "one")], [.folder("d"), .opaque("d"), .folder("d/e")]],
      gives: ["d/", "d/e/"]),
    Case(
      "an opaque root hides everything", [[.file("a", "one")], [.opaque(""), .file("b", "two")]], gives: ["b=two"]),
    Case(
      "a file over a folder", [[.folder("d"), .file("d/a", "one")], [.file("d", "two")]], gives: ["d=two"]),
    Case(
      "a folder over a file", [[.file("d", "one")], [.folder("d"), .file("d/a", "two")]], gives: ["d/", "d/a=two"]),
    Case(
      "a folder over a file over a folder",
      [[.folder("d"), .file("d/a", "one")], [.file("d", "two")], [.folder("d"), .file("d/b", "one")]],
      gives: ["d/", "d/b=one"]),
    Case(
      "a link over a folder", [[.folder("d"), .file("d/a", "one")], [.link("d", "elsewhere")]],
      gives: ["d->elsewhere"]),
    Case(
      "a folder without an entry over a link",
      [[.folder("usr"), .folder("usr/lib"), .link("lib", "usr/lib")], [.file("lib/x", "one")]],
      gives: ["lib/", "lib/x=one", "usr/", "usr/lib/"]),
    Case(
      "a folder without an entry over a file", [[.file("d", "one")], [.file("d/x", "two")]], gives: ["d/", "d/x=two"]),
    Case(
      "a folder without an entry", [[.file("d/e/a", "one")]], gives: ["d/", "d/e/", "d/e/a=one"]),
    Case(
      "a folder without an entry, deleted and made again",
      [[.file("d/a", "one")], [.whiteout("d")], [.file("d/b", "two")]],
      gives: ["d/", "d/b=two"]),
    Case(
      "hard links have the content", [[.file("a", "one"), .hardLink("b", to: "a")]], gives: ["a=one", "b=one"]),
    Case(
      "a hard link outlives what it linked to", [[.file("a", "one"), .hardLink("b", to: "a")], [.whiteout("a")]],
      gives: ["b=one"]),
    Case(
      "hard links of a chain", [[.file("a", "one"), .hardLink("b", to: "a"), .hardLink("c", to: "b")]],
      gives: ["a=one", "b=one", "c=one"]),
    Case(
      "deleted in the middle, back on top",
      [[.folder("d"), .file("d/a", "one")], [.whiteout("d/a")], [.file("d/a", "two")]], gives: ["d/", "d/a=two"]),
    Case(
      "deletions in two layers",
      [
        [.folder("d"), .file("d/a", "one"), .file("d/b", "one"), .file("d/c", "one")],
        [.whiteout("d/a"), .file("d/e", "two")], [.whiteout("d/b"), .whiteout("d/e")],
      ], gives: ["d/", "d/c=one"]),
    Case(
      "a replaced parent hides what is deep below",
      [[.folder("d"), .folder("d/e"), .file("d/e/a", "one")], [.whiteout("d"), .folder("d"), .folder("d/e")], []],
      gives: ["d/", "d/e/"]),
    Case(
      "entries below a link of their own layer",
      [
        [
          .folder("usr"), .folder("usr/lib"), .link("lib", "/usr/lib"), .link("l", "../lib"), .file("lib/a", "one"),
          .folder("l/d"), .file("l/d/b", "two"), .hardLink("c", to: "l/d/b"),
        ]
      ],
      gives: [
        "c=two", "l->../lib", "lib->/usr/lib", "usr/", "usr/lib/", "usr/lib/a=one", "usr/lib/d/", "usr/lib/d/b=two",
      ]),
    Case(
      "a deletion below a link of its own layer",
      [[.folder("d"), .file("d/a", "one")], [.folder("d"), .link("l", "d"), .whiteout("l/a")]], gives: ["d/", "l->d"]),
    Case(
      "a folder over a link of its own layer",
      [[.folder("d"), .link("l", "d"), .folder("l"), .file("l/a", "one")]], gives: ["d/", "l/", "l/a=one"]),
    Case(
      "a file over a folder of its own layer",
      [[.folder("d"), .folder("d/e"), .file("d/e/a", "one"), .file("d", "two")]], gives: ["d=two"]),
    Case("the whiteout of nothing", [[.file("a", "one")], [.whiteout("b")]], gives: ["a=one"]),
    Case(
      "a name that begins like another", [[.file("ab", "one"), .folder("a"), .file("a/x", "two")], [.whiteout("a")]],
      gives: ["ab=one"]),
  ]

  @Test(arguments: cases)
  func mergesLayers(_ example: Case) throws {
    let tree = SampleLayers.tree(example.layers)
    #expect(try tree.listing(["one", "two"]) == example.files)
  }

  @Test(arguments: [
    ("gone/a", [[LayerIndex.Item.folder("gone"), .file("gone/a")], [.whiteout("gone")]]),
    ("f/a/b", [[.folder("f"), .folder("f/a"), .file("f/a/b")], [.file("f")]]),
    ("f/a", [[.file("f")]]),
    ("a/b", [[.file("a/b")], [.opaque("a")]]),
    ("none", []),
  ])
  func findsNothingBelowWhatIsReplaced(_ path: String, _ layers: [[LayerIndex.Item]]) throws {
    let tree = SampleLayers.tree(layers)
    #expect(try tree.entry(at: .clamped(path)) == nil)
    #expect(try tree.names(in: .clamped(path)).isEmpty)
  }

  @Test func rootExistsAlways() throws {
    #expect(try SampleLayers.tree([]).entry(at: .root)?.isDirectory == true)
    #expect(try SampleLayers.tree([[.folder("", mode: 0o700)]]).entry(at: .root)?.mode == 0o700)
  }

  @Test func attributesAreThoseOfTheTopmostEntry() throws {
    let tree = SampleLayers.tree([[.folder("d", mode: 0o700, owner: 5)], [.file("d/a")], [.folder("d", mode: 0o711)]])
    #expect(try tree.entry(at: .clamped("d"))?.summary == "folder 711 0:0")
    let lower = SampleLayers.tree([[.folder("d", mode: 0o700, owner: 5)], [.file("d/a")]])
    #expect(try lower.entry(at: .clamped("d"))?.summary == "folder 700 5:5")
  }

  /// Questions that the layers above answer need no others.
  @Test func asksForLayersThatItDoesNotKnow() throws {
    let layers = ["base", "middle", "top"].map { name in
      let digest = Digest(sha256Of: Array(name.utf8))
      return Layer(descriptor: Descriptor(mediaType: .ociLayer, digest: digest, size: 0), diffID: digest)
    }
    let top = LayerTree(LayerIndex([.file("a"), .whiteout("gone"), .folder("new"), .opaque("new"), .file("new/b")]))
    let tree = StackTree(LayerStack(layers), [nil, nil, top], name: "the image")
    #expect(try tree.entry(at: .clamped("a")) != nil)
    #expect(try tree.entry(at: .clamped("gone/x")) == nil)
    #expect(try tree.names(in: .clamped("new")) == [Array("b".utf8)])
    func asked(_ body: () throws -> Void) -> [Digest] {
      do { try body() } catch let unknown as UnknownLayers { return unknown.layers.map(\.diffID) } catch {}
      return []
    }
    #expect(asked { _ = try tree.entry(at: .clamped("b")) } == [layers[1].diffID])
    #expect(asked { _ = try tree.names(in: .root) } == layers.dropLast().map(\.diffID))
  }

  /// An absolute link must not lead out of an unpacked layer.
  @Test func contentBelowALinkIsReadWhereItIs() throws {
    let tree = SampleLayers.tree([[.folder("d"), .link("l", "/d"), .file("l/a", "one")]])
    guard case .layer(let location) = try tree.content(at: .clamped("d/a")) else {
      Issue.record("no place in a layer")
      return
    }
    #expect(location.path == .clamped("l/a"))
    #expect(location.place == .clamped("d/a"))
  }

  @Test func contentOfAHardLinkIsReadUnderItsFirstName() throws {
    let tree = SampleLayers.tree([[.folder("d")], [.file("d/a", "one"), .hardLink("b", to: "d/a")]])
    guard case .layer(let location) = try tree.content(at: .clamped("b")) else {
      Issue.record("no place in a layer")
      return
    }
    #expect(location.path == .clamped("d/a"))
    #expect(location.layer.diffID == Digest(sha256Of: Array("layer 1".utf8)))
  }
}
