import Slipway

/// What is said of docker's version: that whose command line this is.
enum DockerVersion {
  static let version = "28.5.2"
  static let build = "slipway-\(slipwayVersion)"
  static let interface = "1.51"
  static let buildx = "v0.29.1"
  static let compose = "v2.40.3"
}
