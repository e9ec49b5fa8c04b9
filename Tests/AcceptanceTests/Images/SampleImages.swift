import Foundation
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// Images to be moved.
struct SampleImages {
  let place: Workplace

  var authority: String { place.registry.authority }

  /// Builds an index for two platforms under a name in the store, with a base of the registry for the first stage only.
  @discardableResult
  func buildIndex(_ name: String = "several:1") async throws -> String {
    let files: [String: ScratchEntry] = [
      "Dockerfile": """
      FROM scratch
      ARG TARGETARCH
      COPY note.txt /$TARGETARCH/
      COPY note.txt /
      LABEL arch=$TARGETARCH

      """,
      "note.txt": "ahoy\n",
    ]
    let outcome = try await place.build(
      files, ["--quiet", "--timestamp", "0", "--platform", "linux/amd64,linux/arm64", "--tag", name], name: "several")
    expect(outcome)
    return String(outcome.outputText.dropLast().drop { $0 != "@" }.dropFirst())
  }

  /// Builds an image whose layers are those of the base, which no step looks into, so that they stay in the registry.
  @discardableResult
  func buildLabel(_ name: String = "labelled:1") async throws -> String {
    let outcome = try await place.build(
      ["Dockerfile": "ARG BASE\nFROM $BASE\nLABEL kind=sample\n"], ["--quiet", "--timestamp", "0", "--tag", name],
      name: "label")
    expect(outcome)
    return String(outcome.outputText.dropLast().drop { $0 != "@" }.dropFirst())
  }

  /// Builds an image on the base.
  @discardableResult
  func buildOnBase(_ name: String = "app:1") async throws -> String {
    let outcome = try await place.build(
      ["Dockerfile": "ARG BASE\nFROM $BASE\nCOPY note.txt /data/note.txt\nLABEL kind=sample\n", "note.txt": "ahoy\n"],
      ["--quiet", "--timestamp", "0", "--tag", name], name: "on-base")
    expect(outcome)
    return String(outcome.outputText.dropLast().drop { $0 != "@" }.dropFirst())
  }

  /// The digest that skopeo finds.
  func digest(_ image: String) async throws -> String {
    let options = image.hasPrefix("docker://") ? place.registry.skopeoOptions : []
    let raw = try await Tool.run("skopeo", ["inspect", "--raw"] + options + [image]).output
    return Digest(sha256Of: raw).description
  }

  /// Runs slipway, which has to succeed.
  /// - Returns: its standard output without the last line break.
  @discardableResult
  func slipway(_ arguments: [String], _ location: SourceLocation = #_sourceLocation) async throws -> String {
    let outcome = try await place.slipway.run(arguments)
    expect(outcome, location)
    return String(outcome.outputText.dropLast(outcome.outputText.hasSuffix("\n") ? 1 : 0))
  }

  private func expect(_ outcome: ChildProcess.Outcome, _ location: SourceLocation = #_sourceLocation) {
    #expect(outcome.status == 0, "standard error was:\n\(outcome.errorText)", sourceLocation: location)
  }
}
