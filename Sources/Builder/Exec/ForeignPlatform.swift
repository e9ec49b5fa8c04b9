import Diagnostics
import OCI
import Sandbox
import SystemPackage

/// Commands of another platform than that of this machine run where the kernel knows an emulator for it.
struct ForeignPlatform {
  let platform: Platform

  init(_ platform: Platform) { self.platform = platform }

  /// What it means that a program could not be executed; nil when the platform is not to blame.
  func explain(_ error: SandboxError) -> BuilderError? {
    let host = Platform.host
    guard platform.os != host.os || platform.architecture != host.architecture else { return nil }
    let program: String
    switch error.cause {
    case .commandNotExecutable(let path, errno: .execFormatError): program = path
    // An emulator that was registered without the flag F has to be in the image.
    case .interpreterNotFound(let path): program = path
    default: return nil
    }
    return BuilderError(
      "foreign-platform", "cannot run \(program): it is for \(platform), and this machine is \(host)",
      help: [
        "let the stage run on this machine and cross-compile: FROM --platform=$BUILDPLATFORM …, with TARGETARCH",
        "or register an emulator with the kernel: the package qemu-user-static, or "
          + "docker run --privileged --rm tonistiigi/binfmt --install \(platform.architecture)",
      ])
  }
}
