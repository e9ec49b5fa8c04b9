public import HostOS
public import SystemPackage
import Glibc

/// The shell that commands are written for.
public struct ShellProgram: Sendable, Hashable {
  public var path: FilePath
  public var options: [String]

  public init(_ path: FilePath, options: [String] = []) {
    self.path = path
    self.options = options
  }

  /// Bash in POSIX mode unless the file says otherwise, which takes what /bin/sh of CodeBuild's images takes and more;
  /// /bin/sh where there is no bash.
  /// - Returns: nil when the machine lacks it.
  public static func find(_ wanted: EnvironmentSection.Shell?, in environment: Environment) -> ShellProgram? {
    switch wanted {
    case .sh: return isExecutable("/bin/sh") ? ShellProgram("/bin/sh") : nil
    case .bash: return bash(environment).map { ShellProgram($0) }
    case nil:
      if let bash = bash(environment) { return ShellProgram(bash, options: ["--posix"]) }
      return isExecutable("/bin/sh") ? ShellProgram("/bin/sh") : nil
    }
  }

  private static func bash(_ environment: Environment) -> FilePath? {
    let folders = (environment.nonEmpty("PATH") ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
    return (["/bin", "/usr/bin"] + folders.map(String.init)).map { FilePath($0).appending("bash") }
      .first { isExecutable($0) }
  }

  private static func isExecutable(_ path: FilePath) -> Bool { path.withPlatformString { access($0, X_OK) } == 0 }
}

extension String {
  /// In single quotes, as every shell takes it.
  var shellQuoted: String { "'" + replacing("'", with: #"'\''"#) + "'" }
}
