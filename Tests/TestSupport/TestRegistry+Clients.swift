internal import Foundation
internal import HostOS
public import SystemPackage

extension TestRegistry {
  /// Which end of `skopeo copy` the registry is.
  public enum Role: String, Sendable {
    case source = "src"
    case destination = "dest"
  }

  /// Options of `skopeo copy` that let it in.
  public func skopeoOptions(_ role: Role) -> [String] {
    var options = connectionOptions.map { "--\(role.rawValue)-\($0)" }
    if let credentials {
      options.append("--\(role.rawValue)-creds=\(credentials.user):\(credentials.password)")
    }
    return options
  }

  /// Options of the commands of skopeo that know one image only, such as `inspect` and `delete`.
  public var skopeoOptions: [String] {
    var options = connectionOptions.map { "--\($0)" }
    if let credentials { options.append("--creds=\(credentials.user):\(credentials.password)") }
    return options
  }

  private var connectionOptions: [String] {
    certificate.map { ["cert-dir=\($0.removingLastComponent())"] } ?? ["tls-verify=false"]
  }

  /// Writes a `config.json` as docker does, for DOCKER_CONFIG; with other credentials if wanted, to see them refused.
  /// - Throws: `HostError`.
  public func writeDockerConfiguration(in folder: FilePath, credentials: Credentials? = nil) throws {
    var entry = ""
    if let credentials = credentials ?? self.credentials {
      let secret = Data("\(credentials.user):\(credentials.password)".utf8).base64EncodedString()
      entry = "\"\(authority)\": {\"auth\": \"\(secret)\"}"
    }
    try Files.createDirectories(folder)
    try Files.writeAtomically(
      Array("{\"auths\": {\(entry)}}\n".utf8), to: folder.appending("config.json"))
  }

  /// Copies an image of a layout into the registry with skopeo, as it is.
  /// - Parameter image: name and tag, such as `base:latest`.
  /// - Returns: the reference of the image, with the registry.
  /// - Throws: `TestSupportError`.
  @discardableResult
  public func push(_ layout: FilePath, tag: String = "latest", as image: String) async throws
    -> String
  {
    try await Tool.run(
      "skopeo",
      ["copy", "--quiet", "--preserve-digests"] + skopeoOptions(.destination)
        + ["oci:\(layout):\(tag)", "docker://\(authority)/\(image)"])
    return "\(authority)/\(image)"
  }
}
