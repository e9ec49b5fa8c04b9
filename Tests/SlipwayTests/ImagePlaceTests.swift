import Diagnostics
import Images
import OCI
import SystemPackage
import Testing

@testable import Slipway

@Suite struct ImagePlaceTests {
  private static let digest = "sha256:\(String(repeating: "a", count: 64))"

  @Test(arguments: [
    ("docker://debian:12", "debian:12"), ("debian", "debian:latest"),
    ("r.example:5000/a/b", "r.example:5000/a/b:latest"),
    ("store://app:1", "app:1"), ("oci:/a/b", "oci:/a/b"), ("oci:a:b:c/d:1", "oci:a:b:c/d:1"),
    ("oci-layout://a:1@\(digest)", "oci:a:1@\(digest)"), ("oci-archive:a.tar", "oci-archive:a.tar"),
    ("oci-archive:-:1", "oci-archive:-:1"), ("docker-archive:/a.tar:app:1", "docker-archive:/a.tar:app:1"),
    ("store://\(digest)", digest),
  ])
  func places(_ text: String, _ description: String) throws {
    #expect(try ImagePlace(parsing: text, bare: .registry).description == description)
  }

  @Test func aBareNameIsWhatTheCommandSays() throws {
    let name = try ImageReference(parsing: "app:1")
    #expect(try ImagePlace(parsing: "app:1", bare: .registry) == .registry(name))
    #expect(try ImagePlace(parsing: "app:1", bare: .store) == .store(name))
    #expect(try ImagePlace(parsing: "app:1", bare: .either) == .named(name))
    let digest = try #require(Digest(Self.digest))
    #expect(try ImagePlace(parsing: Self.digest, bare: .store) == .stored(digest))
    #expect(try ImagePlace(parsing: Self.digest, bare: .either) == .stored(digest))
  }

  @Test func partsOfAPlace() throws {
    #expect(
      try ImagePlace(parsing: "oci:a/b:c.d/e:1", bare: .store) == .layout(LayoutLocation(path: "a/b", tag: "c.d/e:1")))
    #expect(try ImagePlace(parsing: "oci-archive:-", bare: .store) == .archive(.oci, .init(path: nil)))
    #expect(
      try ImagePlace(parsing: "docker-archive:a.tar:app:1", bare: .store)
        == .archive(.docker, .init(path: "a.tar", name: "app:1")))
  }

  @Test(
    "what is no place is refused with what to write",
    arguments: [
      "oci:", "oci:a@sha256:1", "oci-archive:", "docker-archive::a", "dcoker://a", "http://r.example/a", "docker://A",
      "Upper", "",
    ])
  func mistakes(_ text: String) throws {
    do {
      let place = try ImagePlace(parsing: text, bare: .registry)
      Issue.record("\(text) is \(place)")
    } catch let error as any DiagnosticError {
      #expect(error.exitCode == .usage)
      #expect(error.diagnostics.first?.help.isEmpty == false)
    }
  }
}
