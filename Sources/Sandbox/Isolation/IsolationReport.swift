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
  /// The rungs of `permitted` at which commands run without Docker's filter of system calls.
  public var unfiltered: [Isolation] = []
  /// Whether this process runs under a filter itself, as in a container: its commands do, too.
  public var hasOwnFilter = false
  /// Whether owners are recorded where commands have one id only; nil where they have more.
  public var recordsOwners: Bool?

  /// What permits all that is refused, each once.
  public var remedies: [String] {
    refusals.flatMap(\.remedies).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

extension IsolationReport.Refusal: Codable, CustomStringConvertible {
  private enum Key: String, CodingKey {
    case feature, systemCall, errno, evidence, remedies
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    feature = try values.decode(String.self, forKey: .feature)
    systemCall = try values.decode(String.self, forKey: .systemCall)
    errno = try values.decodeIfPresent(Int32.self, forKey: .errno).map { Errno(rawValue: $0) }
    evidence = try values.decode(String.self, forKey: .evidence)
    remedies = try values.decode([String].self, forKey: .remedies)
  }

  /// The errno is its number.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(feature, forKey: .feature)
    try values.encode(systemCall, forKey: .systemCall)
    try values.encodeIfPresent(errno?.rawValue, forKey: .errno)
    try values.encode(evidence, forKey: .evidence)
    try values.encode(remedies, forKey: .remedies)
  }

  public var description: String {
    let call = systemCall.isEmpty ? "" : "\(systemCall): "
    let reason = errno.map { "\(call)\($0.description.lowercased()) (errno \($0.rawValue)), " } ?? call
    return "\(feature) refused: \(reason)\(evidence)"
  }
}

extension IsolationReport: Codable, CustomStringConvertible {
  /// The ladder for people, in several lines.
  public var description: String {
    let steps: [(Isolation, String)] = [
      (.userns, "namespaces and overlayfs"), (.chroot, "a changed root folder alone, with the processes of the host"),
    ]
    var lines = steps.map { rung, text in
      "\(permitted.contains(rung) ? "yes" : "no ")  --isolation \(rung.rawValue): \(text)"
    }
    switch identities {
    case .initial?: lines.append("ids of commands: those of this machine")
    case .ranges?: lines.append("ids of commands: id 0 is this user, the others are subordinate ids")
    case .singleID?:
      lines.append(
        recordsOwners == true
          ? "ids of commands: one only; owners of files are recorded, and commands see all ids"
          : "ids of commands: one only, every file belongs to it")
    case nil: break
    }
    lines += filterLines
    if permitted.isEmpty { lines.append("Dockerfiles without RUN can be built all the same") }
    for refusal in refusals {
      lines.append("\(refusal)")
      lines += refusal.remedies.map { "  help: \($0)" }
    }
    return lines.joined(separator: "\n")
  }

  private var filterLines: [String] {
    if permitted.isEmpty { return [] }
    if unfiltered.isEmpty { return ["system calls of commands: filtered as in Docker"] }
    let rungs = unfiltered.map { "--isolation \($0.rawValue)" }.joined(separator: " and ")
    return [
      "system calls of commands: not filtered with \(rungs)"
        + (hasOwnFilter ? ", but the filter that slipway itself runs under holds" : "")
    ] + (unfiltered == [.chroot] ? ["  help: to filter them takes CAP_SYS_ADMIN"] : [])
  }
}
