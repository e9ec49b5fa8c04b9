import Diagnostics
import DockerfileSyntax
import OCI

/// The variables that FROM sees, and that an ARG without a value in a stage inherits: the platform's, and those
/// declared before the first FROM (Dockerfile reference, "Understand how ARG and FROM interact").
struct GlobalArguments: VariableEnvironment {
  private(set) var values: [String: String]
  /// Names that ARGs before the first FROM declare.
  private(set) var declared: Set<String> = []

  init(_ dockerfile: Dockerfile, _ options: BuildOptions, _ platform: Platform) throws {
    values = Self.platformArguments(options, target: platform)
    for name in values.keys { values[name] = options.arguments[name] ?? values[name] }
    for declaration in dockerfile.globalArguments.flatMap(\.declarations) {
      let name = try dockerfile.expansion.expand(declaration.name, in: self).text
      declared.insert(name)
      if let given = options.arguments[name] {
        values[name] = given
      } else if let word = declaration.defaultValue {
        values[name] = try dockerfile.expansion.expand(word, in: self).text
      }
    }
  }

  func value(of name: String) -> String? { values[name] }

  private static func platformArguments(_ options: BuildOptions, target: Platform) -> [String: String] {
    let build = options.buildPlatform
    return [
      "BUILDPLATFORM": build.description, "BUILDOS": build.os, "BUILDOSVERSION": build.osVersion ?? "",
      "BUILDARCH": build.architecture, "BUILDVARIANT": build.variant ?? "",
      "TARGETPLATFORM": target.description, "TARGETOS": target.os, "TARGETOSVERSION": target.osVersion ?? "",
      "TARGETARCH": target.architecture, "TARGETVARIANT": target.variant ?? "",
      "TARGETSTAGE": options.target ?? "default",
    ]
  }
}
