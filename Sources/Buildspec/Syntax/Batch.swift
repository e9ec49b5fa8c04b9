public import Diagnostics

/// `batch`: tasks that each run a buildspec.
public struct Batch: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case list = "build-list"
    case graph = "build-graph"
    case matrix = "build-matrix"
    case fanout = "build-fanout"
  }

  public struct Task: Sendable, Hashable {
    public var identifier: WrittenText
    /// A path in the source folder; nil is the file that has the batch.
    public var buildspec: WrittenText?
    public var dependencies: [WrittenText] = []
    public var ignoresFailure = false
    public var variables: [EnvironmentSection.Variable] = []
    /// `env/image`, which is not used here.
    public var image: WrittenText?
  }

  public var kind: Kind
  public var range: SourceRange
  public var failsFast = false
  public var tasks: [Task] = []
}
