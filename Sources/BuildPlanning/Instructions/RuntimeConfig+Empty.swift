import OCI

extension RuntimeConfig {
  /// Takes out members without content, as Go does when it writes a configuration.
  mutating func leaveOutWhatIsEmpty() {
    if env?.isEmpty == true { env = nil }
    if cmd?.isEmpty == true { cmd = nil }
    if entrypoint?.isEmpty == true { entrypoint = nil }
    if exposedPorts?.isEmpty == true { exposedPorts = nil }
    if volumes?.isEmpty == true { volumes = nil }
    if labels?.isEmpty == true { labels = nil }
    if onBuild?.isEmpty == true { onBuild = nil }
    if shell?.isEmpty == true { shell = nil }
  }
}
