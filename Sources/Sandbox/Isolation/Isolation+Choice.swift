import HostOS
public import SystemPackage

extension Isolation {
  /// What commands will run in: `userns` or `chroot`, never `auto`. Takes a few milliseconds.
  /// - Parameter folder: where overlayfs is tried: in the store, because it depends on the file system.
  /// - Throws: `SandboxError` that names what the host refuses, how that was found out, and what permits it.
  public func choice(in folder: FilePath) async throws -> Isolation {
    let probe = IsolationProbe(in: folder)
    switch self {
    case .chroot:
      if try await probe.permitsChroot() { return .chroot }
    case .userns:
      // What is refused is told best by the attempt itself.
      return .userns
    case .auto:
      if try await probe.permitsNamespaces() { return .userns }
      if try await probe.permitsChroot() { return .chroot }
    }
    throw (try await probe.run()).error(wanting: self)
  }
}

extension IsolationReport {
  /// Why commands cannot run.
  func error(wanting isolation: Isolation) -> SandboxError {
    let wanted = isolation == .chroot ? "with a changed root folder" : "apart from the host"
    let found = refusals.map(\.description).joined(separator: "; ")
    return SandboxError(
      .unavailable("this host does not permit to run commands \(wanted): \(found)"),
      help: remedies + ["a Dockerfile without RUN needs none of this"])
  }
}
