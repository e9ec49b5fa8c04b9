/// Where overlayfs keeps its marks: `trusted.*` belongs to the initial user namespace, `user.*` is for mounts with
/// `userxattr` (overlayfs.rst, "User xattr").
public enum OverlayNamespace: String, Sendable, Hashable, CaseIterable {
  case trusted, user

  var prefix: String { "\(rawValue).overlay." }
  var opaqueName: String { prefix + "opaque" }

  /// What follows the prefix in the name of one of overlayfs's own attributes; nil for all others.
  static func suffix(of attribute: String) -> Substring? {
    for namespace in allCases where attribute.hasPrefix(namespace.prefix) {
      return attribute.dropFirst(namespace.prefix.count)
    }
    return nil
  }
}
