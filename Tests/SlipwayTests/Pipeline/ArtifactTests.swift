import SystemPackage
import TestSupport
import Testing

@testable import Slipway

/// Which files artifacts have.
@Suite struct ArtifactTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch("artifacts")
    try scratch.write([
      "a.json": "a", "b.txt": "b", ".hidden": "h", "d/a.json": "da", "d/e/c.json": "dec", "d/e/x y.txt": "xy",
      "build-1/out.txt": "1", "build-2/out.txt": "2", "link": .symbolicLink("b.txt"), "folder": .symbolicLink("d"),
      "broken": .symbolicLink("nowhere"), "pipe": .fifo,
    ])
  }

  @Test(
    "patterns find files, and never folders",
    arguments: [
      (["a.json"], ["a.json"]), (["./a.json"], ["a.json"]), (["*.json"], ["a.json"]), (["d"], []), (["nothing"], []),
      (["d/*"], ["d/a.json"]), (["d/**/*"], ["d/a.json", "d/e/c.json", "d/e/x y.txt"]),
      (["**/*.json"], ["a.json", "d/a.json", "d/e/c.json"]), (["**/c.json"], ["d/e/c.json"]),
      (["{a,b}.*"], ["a.json", "b.txt"]), (["[ab].???"], ["b.txt"]),
      (["build-?/*"], ["build-1/out.txt", "build-2/out.txt"]),
      (["link"], ["link"]), (["broken", "pipe"], []), (["folder/a.json"], ["folder/a.json"]), ([".*"], [".hidden"]),
      (["../*"], []),
    ] as [([String], [String])])
  func patterns(patterns: [String], expected: [String]) throws {
    let selection = try ArtifactSelection(
      patterns, excluding: [], in: [scratch.path], discardsPaths: false, keepsLinks: false, skipping: nil)
    #expect(selection.files.map(\.path).sorted() == expected)
    #expect(selection.unmatched.isEmpty == !expected.isEmpty)
  }

  @Test func everythingIsAllButWhatIsExcludedAndWhereItGoes() throws {
    let selection = try ArtifactSelection(
      ["**/*"], excluding: ["d/**/*", "**/*.txt"], in: [scratch.path], discardsPaths: false, keepsLinks: false,
      skipping: scratch("build-1"))
    #expect(selection.files.map(\.path).sorted() == [".hidden", "a.json", "link"])
  }

  @Test func withoutPathsTheFirstOfANameIsTaken() throws {
    let selection = try ArtifactSelection(
      ["a.json", "**/a.json"], excluding: [], in: [scratch.path], discardsPaths: true, keepsLinks: false, skipping: nil)
    #expect(selection.files.map(\.source) == [scratch("a.json")])
    #expect(selection.repeated == ["a.json"])
  }

  @Test func baseDirectoriesMayBePatterns() throws {
    #expect(
      try ArtifactSelection.folders("build-*", in: scratch.path) == [scratch("build-1"), scratch("build-2")])
    #expect(try ArtifactSelection.folders("d/e", in: scratch.path) == [scratch("d/e")])
    #expect(try ArtifactSelection.folders("a.json", in: scratch.path) == [])
    #expect(try ArtifactSelection.folders("gone*", in: scratch.path) == [])
  }
}

/// What `secrets-manager` means.
@Suite struct SecretReferenceTests {
  private static let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-AbCdEf"

  @Test(
    arguments: [
      ("name", "name", nil, nil, nil), ("name:key", "name", "key", nil, nil),
      ("name:key:AWSPREVIOUS", "name", "key", "AWSPREVIOUS", nil), ("name:::v1", "name", nil, nil, "v1"),
      (arn, arn, nil, nil, nil), ("\(arn):key", arn, "key", nil, nil),
    ] as [(String, String, String?, String?, String?)])
  func parts(text: String, id: String, key: String?, stage: String?, version: String?) {
    let reference = SecretReference(text)
    #expect(reference.id == id && reference.key == key && reference.stage == stage && reference.version == version)
    #expect(reference.region == (id == Self.arn ? "us-east-1" : nil))
  }

  @Test(
    arguments: [
      (#"{"key":"text"}"#, "text"), (#"{"key":5432}"#, "5432"), (#"{"key":true}"#, "true"), (#"{"other":1}"#, nil),
      ("no JSON", nil), (#"{"key":null}"#, nil),
    ] as [(String, String?)])
  func values(text: String, value: String?) { #expect(SecretReference("s:key").value(in: text) == value) }
}
