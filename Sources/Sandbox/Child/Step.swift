import CSandbox
import SystemPackage

/// One step of what a child does, in Swift's words; `PlanMemory` turns it into C's.
struct Step {
  var kind: csandbox_kind
  /// A verb phrase for messages: `mount proc on /proc`.
  var purpose: String
  var flags = 0
  var number: UInt64 = 0
  var source: FilePath?
  var target: FilePath?
  var data: String?
  var list: [FilePath] = []
  var uid: UInt32 = 0
  var gid: UInt32 = 0
  var bytes: [UInt8] = []
  /// Of `bytes`, in groups or instructions.
  var count: Int?
  var arguments: [String] = []
  var environment: [String] = []
  /// The place of a mount among those of the command.
  var mount: Int?

  init(_ kind: csandbox_kind, _ purpose: String) {
    self.kind = kind
    self.purpose = purpose
  }

  /// A failure of it is no failure.
  var optional: Step { with { $0.flags |= CSANDBOX_OPTIONAL } }

  /// The step that follows is done only when this one fails.
  var elseNext: Step { with { $0.flags |= CSANDBOX_ELSE_NEXT } }

  func with(_ change: (inout Step) -> Void) -> Step {
    var copy = self
    change(&copy)
    return copy
  }
}

extension Step {
  static let privateMounts = Step(CSANDBOX_PRIVATE_MOUNTS, "keep mounts apart from the host's")

  /// Maps one id alone, which a process may do for itself.
  static func mapSelf(uid: UInt32, gid: UInt32) -> Step {
    Step(CSANDBOX_MAP_SELF, "map the ids of the user namespace").with {
      $0.uid = uid
      $0.gid = gid
    }
  }

  /// Joins the layers; the host's mounts stay visible until `enterRoot`.
  static func overlay(_ root: RootFilesystem, userAttributes: Bool) -> [Step] {
    [
      Step(CSANDBOX_OPEN_LAYERS, "open the layers").with {
        $0.list = root.lowers
        $0.source = root.upper
        $0.target = root.work
      },
      Step(CSANDBOX_SCRATCH, "mount tmpfs on \(root.work)").with { $0.target = root.work },
      Step(CSANDBOX_OVERLAY, "mount overlay").with { $0.number = userAttributes ? 1 : 0 },
    ]
  }

  static func mount(_ type: String, on target: FilePath, flags: UInt64 = 0, options: String? = nil) -> Step {
    Step(CSANDBOX_MOUNT, "mount \(type) on \(target)").with {
      $0.source = FilePath(type)
      $0.target = target
      $0.number = flags
      $0.data = options
    }
  }

  static func bind(_ source: FilePath, on target: FilePath, readOnly: Bool = false) -> Step {
    Step(CSANDBOX_BIND, "mount \(source) on \(target)").with {
      $0.source = source
      $0.target = target
      $0.flags = readOnly ? CSANDBOX_READ_ONLY : 0
    }
  }

  /// Shows one of the host's devices.
  static func device(_ path: FilePath) -> Step { bind(path, on: path).with { $0.flags |= CSANDBOX_DEVICE } }

  /// Shows a part of joined layers.
  static func layers(_ layers: SandboxLayers, on target: FilePath, userAttributes: Bool) -> [Step] {
    [
      Step(CSANDBOX_OPEN_LAYERS, "open the layers of the mount \(target)").with {
        $0.list = layers.lowers
        $0.source = layers.changes?.upper
        $0.target = layers.changes?.work
      },
      Step(CSANDBOX_BIND_LAYERS, "mount \(layers.path) of other layers on \(target)").with {
        $0.source = layers.path
        $0.target = target
        $0.number = userAttributes ? 1 : 0
        $0.flags = layers.changes == nil ? CSANDBOX_READ_ONLY : 0
      },
    ]
  }

  static func content(_ bytes: [UInt8], on target: FilePath, mode: UInt16, readOnly: Bool) -> Step {
    Step(CSANDBOX_CONTENT, "provide \(target)").with {
      $0.bytes = bytes
      $0.target = target
      $0.number = UInt64(mode)
      $0.flags = readOnly ? CSANDBOX_READ_ONLY : 0
    }
  }

  static func symbolicLink(_ path: FilePath, saying text: String) -> Step {
    Step(CSANDBOX_SYMLINK, "create the symbolic link \(path)").with {
      $0.target = path
      $0.data = text
    }
  }

  static func mask(_ path: FilePath) -> Step { Step(CSANDBOX_MASK, "hide \(path)").with { $0.target = path } }

  static func readOnly(_ path: FilePath) -> Step {
    Step(CSANDBOX_READ_ONLY_PATH, "protect \(path)").with { $0.target = path }
  }

  static func hostName(_ name: String) -> Step {
    Step(CSANDBOX_HOST_NAME, "set the host name \(name)").with { $0.data = name }
  }

  static let loopback = Step(CSANDBOX_LOOPBACK, "bring up the loopback interface")
  static let sessionKeyring = Step(CSANDBOX_SESSION_KEYRING, "join a new session keyring")
  static let ownControlGroups = Step(CSANDBOX_UNSHARE, "hide the host's control groups").with {
    $0.number = csandbox_NEWCGROUP
  }
  static let enterRoot = Step(CSANDBOX_ENTER_ROOT, "change the root folder")

  static func changeRoot(_ path: FilePath) -> Step {
    Step(CSANDBOX_CHROOT, "change the root folder to \(path)").with { $0.target = path }
  }

  static func umask(_ mask: UInt64) -> Step { Step(CSANDBOX_UMASK, "set the umask").with { $0.number = mask } }

  static func workingDirectory(_ path: FilePath) -> Step {
    Step(CSANDBOX_WORKING_DIRECTORY, "enter the working folder \(path)").with { $0.target = path }
  }

  static func limit(_ limit: SandboxLimit) -> Step {
    Step(CSANDBOX_LIMIT, "set the limit \(limit.name) to \(limit.soft):\(limit.hard)").with {
      $0.number = UInt64(limit.resource)
      $0.bytes = limit.bytes
    }
  }

  static let fork = Step(CSANDBOX_FORK, "start a process")
  static func forkRecording(_ owners: OwnerRecords) -> Step {
    Step(CSANDBOX_FORK_OWNERS, "start a process that records owners").with {
      $0.number = UInt64(owners.descriptor)
    }
  }

  static let recordOwners = Step(CSANDBOX_RECORD_OWNERS, "record owners of files")
  static let forkSupervised = Step(CSANDBOX_FORK_SUPERVISED, "start a process")
  static let dieWithParent = Step(CSANDBOX_DIE_WITH_PARENT, "end with the parent")
  static let session = Step(CSANDBOX_SESSION, "start a session")
  static let terminal = Step(CSANDBOX_TERMINAL, "take the terminal")

  /// Installs the instructions of a filter of system calls (struct sock_filter).
  static func filter(_ instructions: [UInt8]) -> Step {
    Step(CSANDBOX_FILTER, "filter system calls").with {
      $0.bytes = instructions
      $0.count = instructions.count / 8
    }
  }

  static func boundingSet(_ capabilities: Capabilities) -> Step {
    Step(CSANDBOX_BOUNDING_SET, "drop capabilities").with { $0.number = capabilities.rawValue }
  }

  static func credentials(_ user: SandboxUser) -> Step {
    Step(CSANDBOX_CREDENTIALS, "become user \(user.uid), group \(user.gid)").with { step in
      step.uid = user.uid
      step.gid = user.gid
      step.count = user.supplementaryGroups.count
      step.bytes = user.supplementaryGroups.flatMap { group in withUnsafeBytes(of: group) { Array($0) } }
    }
  }

  static func capabilities(_ capabilities: Capabilities) -> Step {
    Step(CSANDBOX_CAPABILITIES, "set capabilities").with { $0.number = capabilities.rawValue }
  }

  static func execute(_ candidates: [FilePath], _ arguments: [String], environment: [String]) -> Step {
    Step(CSANDBOX_EXECUTE, "execute \(arguments.first ?? "")").with {
      $0.list = candidates
      $0.arguments = arguments
      $0.environment = environment
    }
  }
}

/// A set of capabilities(7) by number.
struct Capabilities: OptionSet, Sendable, Hashable {
  let rawValue: UInt64

  static let changeRoot = Capabilities(rawValue: 1 << 18)
  static let systemAdministration = Capabilities(rawValue: 1 << 21)
  static let deviceNodes = Capabilities(rawValue: 1 << 27)
  /// What Docker leaves to a container: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
  /// net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap.
  static let container = Capabilities(rawValue: 0xA804_25FB)
  /// The same without what would open the way out of a changed root folder.
  static let chroot = container.subtracting([.changeRoot, .deviceNodes])
}
