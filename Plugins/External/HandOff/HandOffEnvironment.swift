import DeployPlugins
import HostOS
import JSON

/// What a hand-off's commands find in their environment, and in place of `{image.NAME}` in their words.
struct HandOffEnvironment: Sendable {
  let request: PluginRequest
  let settings: HandOffSettings
  let inherited: Environment

  /// What every command gets of the environment.
  private static let passed = ["HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"]
  /// So that commands reach the network as this program does.
  private static let network = [
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
  ]

  /// - Throws: `PluginFailure` of the category `config`.
  func variables(_ operation: String) throws(PluginFailure) -> Environment {
    var variables: [String: String] = [:]
    for name in Self.passed + Self.network { variables[name] = inherited[name] }
    variables["PATH"] = variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    if settings.getsAWS {
      for (name, value) in inherited.variables where name.hasPrefix("AWS_") { variables[name] = value }
    }
    variables["SLIPWAY_OPERATION"] = operation
    variables["SLIPWAY_DEPLOYMENT_ID"] = request.id
    variables["SLIPWAY_PROJECT"] = request.project
    variables["SLIPWAY_REGION"] = request.region
    variables["SLIPWAY_DRY_RUN"] = request.isDryRun ? "1" : nil
    variables["SLIPWAY_DEADLINE"] = request.json["deadline"]?.string
    variables["SLIPWAY_IMAGES"] = request.images.keys.sorted().joined(separator: " ")
    for (name, image) in request.images {
      let suffix = Self.variableName(name)
      variables["SLIPWAY_IMAGE_\(suffix)"] = image.reference
      variables["SLIPWAY_DIGEST_\(suffix)"] = image.digest
      variables["SLIPWAY_TAG_\(suffix)"] = image.tag
    }
    for (name, value) in settings.environment {
      variables[name] = try filledIn(value, path: "/environment/\(name)")
    }
    return Environment(variables)
  }

  /// Upper case, with underscores in place of what is neither a letter nor a digit.
  static func variableName(_ name: String) -> String {
    String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  /// A text with `{image.NAME}`, `{digest.NAME}`, `{tag.NAME}`, `{id}`, `{project}` and `{region}` filled in; other
  /// braces stay.
  /// - Throws: `PluginFailure` of the category `config` for images that there are not.
  func filledIn(_ text: String, path: String) throws(PluginFailure) -> String {
    var out = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      out += rest[..<open]
      guard let close = rest[open...].firstIndex(of: "}"),
        let value = try value(of: String(rest[rest.index(after: open)..<close]), path)
      else {
        out.append("{")
        rest = rest[rest.index(after: open)...]
        continue
      }
      out += value
      rest = rest[rest.index(after: close)...]
    }
    return out + rest
  }

  private func value(of name: String, _ path: String) throws(PluginFailure) -> String? {
    switch name {
    case "id": return request.id
    case "project": return request.project ?? ""
    case "region": return request.region ?? ""
    default: break
    }
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2, ["image", "digest", "tag"].contains(parts[0]) else { return nil }
    guard let image = request.images[parts[1]] else {
      let names = request.images.keys.sorted().joined(separator: ", ")
      throw .config(
        "there is no image \(parts[1])", path, hint: names.isEmpty ? "name one with --image" : "the images are \(names)"
      )
    }
    let value = parts[0] == "image" ? image.reference : parts[0] == "digest" ? image.digest : image.tag
    guard let value else { throw .config("the image \(parts[1]) has no \(parts[0])", path) }
    return value
  }
}
