import Builder
import Diagnostics
import Images
import OCI
import SystemPackage
import Testing

@testable import Slipway

@Suite struct OutputSpecificationTests {
  private let names = [ImageReference(registry: "localhost:5000", repository: "app", tag: "1")]

  private func parse(_ text: String) throws -> OutputSpecification {
    try OutputSpecification(parsing: text, names: names)
  }

  @Test func formsOfDockerBuildx() throws {
    #expect(try parse("-").kind == .tar)
    #expect(try parse("-").destination == .standardOutput)
    #expect(try parse("out").kind == .files)
    #expect(try parse("type=local,dest=out").destination == .path("out"))
    #expect(try parse("type=tar,dest=-").destination == .standardOutput)
    #expect(try parse("type=oci,dest=a.tar").kind == .archive(.oci))
    #expect(try parse("type=oci,tar=false,dest=a").kind == .layout)
    #expect(try parse("type=docker,dest=a.tar").kind == .archive(.docker))
    #expect(try parse("type=registry").kind == .registry(names))
    #expect(try parse("type=image,push=true").kind == .registry(names))
    #expect(try parse("\"type=local\",\"dest=a,b\"").destination == .path("a,b"))
    let other = ImageReference(registry: "example.com", repository: "x", tag: "2")
    #expect(try parse("type=registry,name=example.com/x:2").kind == .registry([other]))
  }

  @Test(arguments: [
    ("", "it is empty", "write type=registry, or type=oci|docker|local|tar,dest=PATH"),
    ("type=dcoker,dest=a", "there is no output type \"dcoker\"", "did you mean type=docker?"),
    ("type=oci", "it has no dest=", "say where to write it: type=oci,dest=PATH"),
    ("dest=a", "it has no type=", "write type=registry, or type=oci|docker|local|tar,dest=PATH"),
    ("type=image", "type=image without push=true has nothing to do", "add push=true"),
    ("type=local,dest=-", "a folder cannot go to standard output", "name a folder: dest=PATH"),
    (
      "type=tar,dest=a,speed=9", "speed= is not known for type=tar",
      "write type=registry, or type=oci|docker|local|tar,dest=PATH"
    ),
    ("type=tar,dest", "\"dest\" is not KEY=VALUE", "write type=registry, or type=oci|docker|local|tar,dest=PATH"),
  ])
  func mistakesAreExplained(_ text: String, _ reason: String, _ help: String) throws {
    let error = try #require(throws: SlipwayError.self) { try parse(text) }
    #expect(error.diagnostics.map(\.message) == ["--output \(text) is not usable: \(reason)"])
    #expect(error.diagnostics.map(\.help) == [[help]])
    #expect(error.exitCode == .usage)
  }
}
