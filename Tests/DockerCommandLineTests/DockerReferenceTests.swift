import DockerCommandLine
import HostOS
import SystemPackage
import TestSupport
import Testing

/// The tables in the documents are those that command lines are read by.
@Suite struct DockerReferenceTests {
  /// With SLIPWAY_WRITE_DOCUMENTS set, the documents are written anew.
  @Test(arguments: [("docs/docker.md", DockerReference.docker), ("docs/kaniko.md", DockerReference.kaniko)])
  func documents(_ name: String, _ reference: String) throws {
    let path = Checkout.root.pushing(FilePath(name))
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    let (begin, end) = ("<!-- reference -->\n", "<!-- end of reference -->\n")
    let start = try #require(text.firstRange(of: begin)?.upperBound)
    let stop = try #require(text.firstRange(of: end)?.lowerBound)
    if Environment.current.nonEmpty("SLIPWAY_WRITE_DOCUMENTS") != nil {
      try Files.writeAtomically(Array((text[..<start] + reference + text[stop...]).utf8), to: path)
      return
    }
    #expect(String(text[start..<stop]) == reference, "write it anew: SLIPWAY_WRITE_DOCUMENTS=1 swift test")
  }
}
