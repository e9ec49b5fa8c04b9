import Glibc
import GoTemplate
import OCI
import Slipway

/// What is said of docker's version: that whose command line this is.
enum DockerVersion {
  static let version = "28.5.2"
  static let build = "slipway-\(slipwayVersion)"
  static let interface = "1.51"
  static let buildx = "v0.29.1"
  static let compose = "v2.40.3"

  /// As `docker version --format` reads it.
  static var value: TemplateValue {
    let common: [TemplateValue.Member] = [
      .init("Version", .text(version)), .init("ApiVersion", .text(interface)),
      .init("GitCommit", .text(build)), .init("Os", .text(Platform.host.os)),
      .init("Arch", .text(Platform.host.architecture)), .init("GoVersion", ""), .init("BuildTime", ""),
    ]
    let engine: TemplateValue = ["Name": "Engine", "Version": .text(version)]
    return [
      "Client": .record(
        [.init("Platform", ["Name": "Slipway"])] + common
          + [
            .init("DefaultAPIVersion", .text(interface)), .init("Context", "default"),
            .init("APIVersion", .text(interface)),
          ]),
      "Server": .record(
        [.init("Platform", ["Name": "Slipway"]), .init("Components", [engine])] + common
          + [
            .init("MinAPIVersion", "1.24"), .init("KernelVersion", .text(kernel)),
            .init("APIVersion", .text(interface)),
            .init("Experimental", false),
          ]),
    ]
  }

  static var kernel: String { system { $0.release } }
  static var host: String { system { $0.nodename } }

  private static func system<Field>(_ field: (utsname) -> Field) -> String {
    var names = utsname()
    uname(&names)
    return withUnsafeBytes(of: field(names)) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
