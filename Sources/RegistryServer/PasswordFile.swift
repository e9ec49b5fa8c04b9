import CCrypt
import Diagnostics
import Foundation
import HostOS
public import SystemPackage

/// Who may come in: a file of htpasswd with passwords that were hashed by bcrypt, as docker-registry takes it.
public struct PasswordFile: Sendable {
  private let hashes: [String: String]
  private let accepted = Accepted()

  /// - Throws: `HostError`; `RegistryServerError` with the code `invalid-htpasswd`, which names the line.
  public init(_ path: FilePath) throws {
    let text = String(decoding: try Files.read(path, limit: 1 << 20), as: UTF8.self)
    var hashes: [String: String] = [:]
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, ["$2a$", "$2b$", "$2y$"].contains(where: parts[1].hasPrefix) else {
        throw RegistryServerError(
          "invalid-htpasswd", "line \(index + 1) of \(path) is no user with a password hashed by bcrypt",
          help: ["write the file with: htpasswd -nB USER"], exitCode: .usage)
      }
      hashes[parts[0]] = parts[1]
    }
    guard !hashes.isEmpty else {
      throw RegistryServerError(
        "invalid-htpasswd", "\(path) names nobody", help: ["write the file with: htpasswd -nB USER"], exitCode: .usage)
    }
    self.hashes = hashes
  }

  /// Whether a header `Authorization` is that of a user.
  func accepts(_ header: String?) async -> Bool {
    guard let header, header.lowercased().hasPrefix("basic ") else { return false }
    let key = SHA256Hasher.hex(of: header.utf8)
    if await accepted.contains(key) { return true }
    guard let data = Data(base64Encoded: String(header.dropFirst("basic ".count))) else { return false }
    let parts = String(decoding: data, as: UTF8.self).split(
      separator: ":", maxSplits: 1, omittingEmptySubsequences: false
    ).map(String.init)
    guard parts.count == 2 else { return false }
    return await accepted.verify(key, password: parts[1], hash: hashes[parts[0]])
  }

  /// Remembers what was right, since bcrypt is slow by design, and works out one password at a time.
  private actor Accepted {
    private var keys: Set<String> = []

    func contains(_ key: String) -> Bool { keys.contains(key) }

    /// - Parameter hash: nil for a user who is not known, which takes as long.
    func verify(_ key: String, password: String, hash: String?) -> Bool {
      let known = hash ?? "$2y$05$abcdefghijklmnopqrstuuvFz4Xbh7dJWDTv8cEpQBJlOVoNf3oTK"
      guard Self.matches(password, known), hash != nil else { return false }
      keys.insert(key)
      return true
    }

    private static func matches(_ password: String, _ hash: String) -> Bool {
      // What crypt(3) calls 2b other tools call 2y.
      let setting = hash.replacing(/^\$2y\$/, with: "$2b$")
      let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
      data.initialize(to: crypt_data())
      defer { data.deallocate() }
      guard let result = crypt_r(password, setting, data) else { return false }
      let computed = Array(String(cString: result).utf8)
      let wanted = Array(setting.utf8)
      guard computed.count == wanted.count else { return false }
      return zip(computed, wanted).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
  }
}
