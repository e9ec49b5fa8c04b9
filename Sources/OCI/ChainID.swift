/// Identifies a stack of layers (image-spec, config.md, "Layer ChainID").
public struct ChainID: Sendable, Hashable, CustomStringConvertible {
  public let digest: Digest

  /// Nil when there are no layers.
  public init?(_ diffIDs: some Sequence<Digest>) {
    var chain: Digest?
    for diffID in diffIDs {
      chain = chain.map { Digest(sha256Of: Array("\($0) \(diffID)".utf8)) } ?? diffID
    }
    guard let chain else { return nil }
    digest = chain
  }

  public var description: String { digest.description }
}
