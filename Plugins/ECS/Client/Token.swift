import HostOS

/// Client tokens: a call that is sent again does its work once.
public enum Token {
  /// The same for the same parts, 36 characters long at most, as all services take them.
  public static func make(_ parts: String...) -> String {
    var hasher = SHA256Hasher()
    for part in parts { hasher.update(Array((part + "\n").utf8)) }
    return "slipway-" + hasher.finalizeHex().prefix(28)
  }
}
