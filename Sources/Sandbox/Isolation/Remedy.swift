import CSandbox
import Glibc
import HostOS
import SystemPackage

/// What to do when the kernel refuses a step: the settings of this host that are known to refuse are read, so that
/// the advice fits.
enum Remedy {
  static func forNamespaces(_ settings: HostSettings = .current) -> [String] {
    var help: [String] = []
    if settings.apparmorRestrictsUserNamespaces {
      help.append(
        "permit user namespaces: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give the program an "
          + "AppArmor profile with `userns,`")
    }
    if settings.maximumUserNamespaces == 0 {
      help.append("permit user namespaces: sysctl -w user.max_user_namespaces=15000")
    }
    if settings.unprivilegedUserNamespacesDisabled {
      help.append("permit user namespaces: sysctl -w kernel.unprivileged_userns_clone=1")
    }
    if help.isEmpty {
      help.append(
        "in a container, permit namespaces: docker run --security-opt seccomp=unconfined --security-opt "
          + "apparmor=unconfined, or --cap-add SYS_ADMIN")
    }
    return help
  }

  static func forStep(_ steps: [Step], _ refusal: ChildReport.Refusal, _ root: RootFilesystem?) -> [String] {
    guard steps.indices.contains(refusal.step) else { return [] }
    let step = steps[refusal.step]
    if step.mount != nil, let help = forMount(step, refusal) { return help }
    switch step.kind {
    case CSANDBOX_OVERLAY, CSANDBOX_BIND_LAYERS: return forOverlay(refusal.errno, root)
    case CSANDBOX_MOUNT where step.source == "proc":
      return ["let the whole of /proc be seen: docker run --security-opt systempaths=unconfined"]
    case CSANDBOX_CREDENTIALS where UserNamespace.current != .initial: return forIDs
    case CSANDBOX_WORKING_DIRECTORY: return ["create the folder with WORKDIR"]
    case CSANDBOX_BIND where refusal.systemCall == "open":
      return ["check that \(step.source ?? "it") exists and can be read"]
    case CSANDBOX_CHROOT: return ["run as root with CAP_SYS_CHROOT, which is Docker's default"]
    case CSANDBOX_OPEN_LAYERS: return ["the store may be damaged: remove the snapshots and build again"]
    case CSANDBOX_PRIVATE_MOUNTS where refusal.errno == .invalidArgument:
      return [
        "the root folder of this process is no mount point, as in a plain chroot: before entering it, bind it on itself, "
          + "mount --bind FOLDER FOLDER"
      ]
    case CSANDBOX_PRIVATE_MOUNTS, CSANDBOX_MAP_SELF, CSANDBOX_SCRATCH, CSANDBOX_ENTER_ROOT: return forNamespaces()
    default: return refusal.errno == .notPermitted ? forNamespaces() : []
    }
  }

  /// Mistakes in what a command asks for.
  private static func forMount(_ step: Step, _ refusal: ChildReport.Refusal) -> [String]? {
    let target = step.target.map(\.string) ?? "the target"
    switch refusal.errno {
    case .readOnlyFileSystem:
      return [
        "\(target) lies in a mount that is read-only and does not hold it: make that one writable, or mount elsewhere"
      ]
    case .notDirectory:
      return ["a folder can be mounted on a folder only, and a file on a file: choose another target than \(target)"]
    case .invalidArgument where step.kind == CSANDBOX_CONTENT && refusal.systemCall == "fchown": return forIDs
    default: return nil
    }
  }

  /// Where a plain user has not the ids that something asks for.
  private static let forIDs = [
    "only mapped ids can be used: give yourself more with usermod --add-subuids 100000-165535 --add-subgids "
      + "100000-165535 NAME"
  ]

  private static func forOverlay(_ errno: Errno, _ root: RootFilesystem?) -> [String] {
    if let root, isOverlay(root.upper) {
      return [
        "\(root.upper) is on an overlay file system, as the root of a container is, and those do not nest: put the "
          + "store on a volume or another disk with SLIPWAY_ROOT"
      ]
    }
    switch errno {
    case Errno(rawValue: ENODEV): return ["load the kernel module: modprobe overlay"]
    case .notPermitted: return ["a plain user needs Linux 5.11 or newer for overlayfs"]
    case .notSupported, .invalidArgument:
      return ["put the store on ext4, xfs or btrfs (a plain user's needs user extended attributes) with SLIPWAY_ROOT"]
    case Errno(rawValue: E2BIG): return ["this many layers need Linux 6.5 or newer"]
    default: return []
    }
  }

  private static let overlayMagic: UInt64 = 0x794C_7630

  private static func isOverlay(_ path: FilePath) -> Bool {
    path.withPlatformString { csandbox_file_system_type($0) } == overlayMagic
  }
}

/// The settings of the kernel that decide on user namespaces.
struct HostSettings: Sendable, Hashable {
  var apparmorRestrictsUserNamespaces = false
  var unprivilegedUserNamespacesDisabled = false
  var maximumUserNamespaces: Int?

  static var current: HostSettings {
    HostSettings(
      apparmorRestrictsUserNamespaces: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1,
      unprivilegedUserNamespacesDisabled: number("/proc/sys/kernel/unprivileged_userns_clone") == 0,
      maximumUserNamespaces: number("/proc/sys/user/max_user_namespaces"))
  }

  private static func number(_ path: FilePath) -> Int? {
    guard let bytes = try? Files.read(path) else { return nil }
    return Int(String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace })
  }
}
