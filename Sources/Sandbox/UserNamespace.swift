/// The user namespace that this process is in.
public enum UserNamespace: Sendable, Hashable {
  /// That of the machine, where every id stands for itself.
  case initial
  /// Id 0 is the caller, further ids are mapped to subordinate ones.
  case ranges
  /// Id 0 is the caller, and there is no other id.
  case singleID

  /// Of this process, by `/proc/self/uid_map`.
  public static let current: UserNamespace = .initial
}
