/// How a command is kept apart from the host, as in `--isolation`.
public enum Isolation: String, Sendable, Hashable, CaseIterable, Codable {
  /// The strongest that the host permits.
  case auto
  /// Namespaces and overlayfs, as root or with subordinate ids, else with one id.
  case userns
  /// A changed root folder alone: without `/proc`, and with the network and the processes of the host.
  case chroot
}
