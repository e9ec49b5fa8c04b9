public import SystemPackage

/// What a host permits, found by trying it.
public struct IsolationReport: Sendable, Hashable {
  /// Something that the host refuses or lacks.
  public struct Refusal: Sendable, Hashable {
    /// In words: `network namespace`.
    public var feature: String
    /// Empty where no system call was made.
    public var systemCall: String
    /// Nil where no system call was made.
    public var errno: Errno?
    /// How it was found out: `tried mount overlay in a throw-away process`.
    public var evidence: String
    /// What permits it, the most likely first.
    public var remedies: [String]
  }

  /// The rungs that commands can run at, the strongest first; empty when there is none.
  public var permitted: [Isolation]
  /// Which ids commands would have; nil when user namespaces are needed and refused.
  public var identities: UserNamespace?
  public var refusals: [Refusal]
}
