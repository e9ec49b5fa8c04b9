import Glibc
public import HostOS
public import SystemPackage

/// A folder of programs that lead to this one under other names: put first on PATH, it answers `docker` and its like
/// for whatever a build calls, without a daemon.
public struct ShimFolder: Sendable {
  /// To be put first on PATH.
  public let path: FilePath

  /// Names of docker's own programs; those of others pass on what is not about docker.
  static let names = [
    "docker", "docker-buildx", "docker-compose", "dockerd", "podman", "service", "systemctl", "aws", "sudo",
  ]

  /// Makes the folder, or takes the one that is there.
  /// - Parameters:
  ///   - folder: where it is made; missing ones are created.
  ///   - executable: the program that all names lead to.
  ///   - environment: whose `PATH` the folder will stand in.
  /// - Throws: `HostError`.
  public init(in folder: FilePath, executable: FilePath, environment: Environment) throws {
    path = folder.appending("shims")
    try Files.createDirectories(path)
    for name in Self.names { try Self.link(path.appending(name), to: executable) }
  }

  /// The folder by which this program was found under docker's name; nil outside of a pipeline.
  public static func current(_ environment: Environment) -> FilePath? {
    let own = try? FileStatus(following: "/proc/self/exe")
    return (environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }.first { folder in
      guard folder.isAbsolute, folder.lastComponent == "shims", let own,
        let status = try? FileStatus(following: folder.appending("docker"))
      else { return false }
      return own.device == status.device && own.inode == status.inode
    }
  }

  private static func link(_ link: FilePath, to target: FilePath) throws {
    if (try? Files.symbolicLinkTarget(link)) == target { return }
    // Renamed into its place, since others may be looking.
    let temporary = link.removingLastComponent().appending(".\(Files.uniqueName())")
    try Files.makeSymbolicLink(temporary, saying: target)
    try Files.rename(temporary, to: link)
  }

  /// The next program of a name on PATH that does not lead to this one.
  public static func program(behind name: String, _ environment: Environment) -> FilePath? {
    let own = try? FileStatus(following: "/proc/self/exe")
    for folder in (environment["PATH"] ?? "").split(separator: ":") where folder.hasPrefix("/") {
      let candidate = FilePath(String(folder)).appending(name)
      guard let status = try? FileStatus(following: candidate), status.kind == .file,
        candidate.withPlatformString({ access($0, X_OK) }) == 0
      else { continue }
      if let own, own.device == status.device, own.inode == status.inode { continue }
      return candidate
    }
    return nil
  }
}
