public import Diagnostics

/// Content that is not what its descriptor says.
public struct BlobMismatch: DiagnosticError {
  public var expected: Descriptor
  public var actual: String
  public var announced: String

  public var diagnostics: [Diagnostic] {
    [
      .error(
        "content-mismatch", "the content of \(expected.digest) is not what was announced",
        notes: [.init("announced \(announced), found \(actual)")],
        help: ["try again; if it happens again, the registry, a proxy or the disk damages data"])
    ]
  }
}
