/// The extended attribute in which an owner is recorded where the kernel cannot keep it: `UID:GID`, in decimal digits.
/// Files without it belong to root. It is never part of a layer.
public enum OwnerAttribute {
  public static let name = "user.slipway.owner"

  public static func value(uid: UInt32, gid: UInt32) -> [UInt8] { Array("\(uid):\(gid)".utf8) }

  /// Nil when the value is none of ours.
  public static func owner(of value: [UInt8]) -> (uid: UInt32, gid: UInt32)? {
    let parts = String(decoding: value, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let uid = UInt32(parts[0]), let gid = UInt32(parts[1]) else { return nil }
    return (uid, gid)
  }
}

extension TreeEntry {
  /// Puts a recorded owner in the place of the one that the kernel knows.
  /// - Returns: whether there was a record.
  @discardableResult
  public mutating func takeRecordedOwner() -> Bool {
    guard let index = extendedAttributes.firstIndex(where: { $0.name == OwnerAttribute.name }) else { return false }
    guard let owner = OwnerAttribute.owner(of: extendedAttributes.remove(at: index).value) else { return false }
    (uid, gid) = owner
    return true
  }
}
