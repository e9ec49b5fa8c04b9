import HostOS
import OCI
import SystemPackage

/// Images whose only purpose is to have the kernel run programs for other processors. A container without the rights of
/// the machine cannot do that.
enum Emulators {
  private static let installers: Set = [
    "docker.io/tonistiigi/binfmt", "docker.io/docker/binfmt", "docker.io/linuxkit/binfmt",
    "docker.io/multiarch/qemu-user-static", "public.ecr.aws/eks-distro-build-tooling/binfmt-misc",
  ]

  static func isInstaller(_ image: String) -> Bool {
    (try? ImageReference(parsing: image)).map { installers.contains($0.name) } ?? false
  }

  /// What there is without it.
  static func remark(_ image: String) -> String {
    let names = (try? Files.names(in: "/proc/sys/fs/binfmt_misc")) ?? []
    let emulators = names.map(\.string).filter { $0.hasPrefix("qemu-") }
    return """
      \(image) is not run: emulators of other processors are a matter of the machine, which has \
      \(emulators.isEmpty ? "none" : emulators.joined(separator: ", ")). Images for other processors can be built without, \
      unless they have RUN.
      """
  }
}
