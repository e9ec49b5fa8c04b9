import Diagnostics
import HostOS
public import SystemPackage

/// A plugin that can be run.
public struct LocatedPlugin: Sendable, Hashable {
  public var name: String
  /// Its file; of a built-in one, that of this program.
  public var path: FilePath
  public var isBuiltIn: Bool

  public init(name: String, path: FilePath, isBuiltIn: Bool) {
    self.name = name
    self.path = path
    self.isBuiltIn = isBuiltIn
  }

  /// What plugins are called as files, and built-in ones as processes.
  public static let prefix = "slipway-deploy-"

  /// Of its file, as pins have it: `sha256:` and 64 hexadecimal digits.
  /// - Throws: `HostError`.
  public func digest() throws -> String {
    var hasher = SHA256Hasher()
    try Files.withDescriptor(path, .readOnly) { file in
      try Files.readChunks(file, path) { hasher.update($0) }
    }
    return "sha256:" + hasher.finalizeHex()
  }

  /// - Throws: `PluginError` with the code `plugin-pin` when the file is another one; `HostError`.
  public func check(pin: String?) throws {
    guard let pin else { return }
    let wanted = pin.hasPrefix("sha256:") ? pin : "sha256:\(pin)"
    guard wanted.wholeMatch(of: #/sha256:[0-9a-f]{64}/#) != nil else {
      throw PluginError(
        "plugin-pin", "\(pin) is no SHA-256 of a plugin", help: ["write sha256: and 64 lower-case hexadecimal digits"])
    }
    let found = try digest()
    guard found != wanted else { return }
    throw PluginError(
      "plugin-pin", "the plugin \(name) is not the one that is pinned", notes: ["\(path) has \(found)"],
      help: ["install the plugin that is pinned, or pin this one after you have looked at it"])
  }
}
