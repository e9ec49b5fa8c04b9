import HostOS

/// What of the host's environment reaches a plugin.
enum PluginEnvironment {
  private static let names: Set<String> = [
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "NO_COLOR", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SLIPWAY_POLL_INTERVAL",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
  ]

  /// Nothing of registries, of CI systems, of the user's shell.
  static func clean(_ host: Environment, _ credentials: [PluginCredential]) -> Environment {
    let wantsAWS = credentials.contains(.aws) || credentials.contains(.awsIfPresent)
    var kept = host.variables.filter { name, _ in
      names.contains(name) || name.hasPrefix("LC_") || (wantsAWS && name.hasPrefix("AWS_"))
    }
    kept["PATH"] = kept["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return Environment(kept)
  }

  /// What must not be seen anywhere. Short ones are those of simulators, and words that names are made of.
  static func secrets(_ host: Environment) -> [String] {
    ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"].compactMap(host.nonEmpty)
      .filter { $0.utf8.count >= 16 }
  }
}
