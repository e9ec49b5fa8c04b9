/// What `slipway serve` is asked for.
public struct ServeRequest: Sendable {
  /// A store, or an OCI image layout; nil is the store that builds use.
  public var folder: String?
  /// `HOST:PORT`; port 0 takes a free one.
  public var listen = "127.0.0.1:5000"
  /// Nil: only on addresses that no other machine can reach.
  public var isWritable: Bool?
  /// A file of users and passwords.
  public var passwordFile: String?
  public var certificate: String?
  public var key: String?

  public init() {}
}
