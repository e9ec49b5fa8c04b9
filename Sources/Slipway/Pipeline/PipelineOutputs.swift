import Diagnostics
import HostOS
public import SystemPackage

/// Files that hand a run's variables on to CI systems.
public enum PipelineOutputs {
  /// The form of GitLab's `artifacts:reports:dotenv` and of docker's `--env-file`: a pair on each line.
  /// - Throws: `SlipwayError` for a value of several lines; `HostError`.
  public static func writeDotenv(_ variables: [(name: String, value: String)], to path: FilePath) throws {
    for variable in variables where variable.value.contains(where: \.isNewline) {
      throw SlipwayError(
        "several-lines", "the variable \(variable.name) has several lines, which \(path) cannot hold",
        help: ["export a variable of one line, such as the result of base64 --wrap=0"])
    }
    let text = variables.map { "\($0.name)=\($0.value)\n" }.joined()
    try Files.writeAnswer(Array(text.utf8), to: path)
  }

  /// Adds them to a file of GitHub Actions (`GITHUB_OUTPUT`).
  /// - Throws: `HostError`.
  public static func appendGitHub(_ variables: [(name: String, value: String)], to path: FilePath) throws {
    let text = variables.map { variable in
      guard variable.value.contains(where: \.isNewline) else { return "\(variable.name)=\(variable.value)\n" }
      let end = "ghadelimiter_\(Files.uniqueName())"
      return "\(variable.name)<<\(end)\n\(variable.value)\n\(end)\n"
    }.joined()
    try Files.withDescriptor(
      path, .writeOnly, options: [.create, .append], permissions: FilePermissions(rawValue: 0o644)
    ) { descriptor in
      do { try descriptor.writeAll(Array(text.utf8)) } catch let errno as Errno {
        throw HostError("write", path, errno)
      }
    }
  }
}
