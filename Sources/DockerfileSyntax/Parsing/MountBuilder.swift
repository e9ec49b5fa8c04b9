import Diagnostics

enum MountType: String, CaseIterable {
  case bind, cache, tmpfs, secret, ssh

  var options: [MountOptionName] {
    switch self {
    case .bind: [.target, .source, .from, .readOnly, .readWrite]
    case .cache:
      [.target, .id, .sharing, .source, .from, .readOnly, .readWrite, .mode, .uid, .gid]
    case .tmpfs: [.target, .size]
    case .secret: [.id, .target, .env, .required, .mode, .uid, .gid]
    case .ssh: [.id, .target, .required, .mode, .uid, .gid]
    }
  }
}

/// The options of mounts; raw values are the names that the documentation prefers.
enum MountOptionName: String, CaseIterable {
  case target, source, from, id, env, sharing, size, mode, uid, gid, required
  case readOnly = "readonly"
  case readWrite = "readwrite"

  var spellings: [String] {
    switch self {
    case .target: ["target", "dst", "destination"]
    case .source: ["source", "src"]
    case .readOnly: ["readonly", "ro"]
    case .readWrite: ["readwrite", "rw"]
    default: [rawValue]
    }
  }

  /// Whether the name alone stands for `true`.
  var isSwitch: Bool { self == .readOnly || self == .readWrite || self == .required }

  init?(spelling: String) {
    guard let option = Self.allCases.first(where: { $0.spellings.contains(spelling) }) else { return nil }
    self = option
  }
}

/// Collects the options of a mount.
struct MountBuilder {
  enum Outcome {
    case set
    /// BuildKit accepts the option and makes nothing of it.
    case ignored
    /// BuildKit does not accept it.
    case refused
    case invalid((SourceFile) -> Diagnostic)
  }

  let type: MountType
  private(set) var hasErrors = false
  private var words: [MountOptionName: Word] = [:]
  private var readOnly: MountOption<Bool>?
  private var required: MountOption<Bool>?
  private var sharing: MountOption<CacheSharing>?
  private var size: MountOption<ByteCount>?
  private var mode: MountOption<FileMode>?
  private var uid: MountOption<UInt32>?
  private var gid: MountOption<UInt32>?

  init(type: MountType) {
    self.type = type
  }

  mutating func set(_ option: MountOptionName, _ word: Word, name: Word) -> Outcome {
    let outcome = outcome(of: option, word, name: name)
    switch outcome {
    case .set, .ignored: break
    case .refused, .invalid: hasErrors = true
    }
    return outcome
  }

  private mutating func outcome(of option: MountOptionName, _ word: Word, name: Word) -> Outcome {
    if let refusal = refusal(of: option) { return refusal }
    switch option {
    case .id where type == .secret && words[.source] != nil: return Self.twoNames(name, words[.source])
    case .source where type == .secret && words[.id] != nil: return Self.twoNames(name, words[.id])
    case .target, .source, .from, .id, .env:
      words[option] = word
      return .set
    case .readOnly: return Self.store(MountOption(word: word, name: name), &readOnly)
    case .readWrite: return Self.store(MountOption(word: word, name: name, isInverted: true), &readOnly)
    case .required: return Self.store(MountOption(word: word, name: name), &required)
    case .sharing: return Self.store(MountOption(word: word, name: name), &sharing)
    case .size: return Self.store(MountOption(word: word, name: name), &size)
    case .mode: return Self.store(MountOption(word: word, name: name), &mode)
    case .uid: return Self.store(MountOption(word: word, name: name), &uid)
    case .gid: return Self.store(MountOption(word: word, name: name), &gid)
    }
  }

  private static func twoNames(_ name: Word, _ other: Word?) -> Outcome {
    .invalid { file in
      .error(
        "invalid-mount", "'id' and 'source' of a secret mean the same", at: SourceAnnotation(file, name.range),
        notes: other.map { [.init("the other one is here", at: SourceAnnotation(file, $0.range))] } ?? [],
        help: ["keep one of them"])
    }
  }

  private func refusal(of option: MountOptionName) -> Outcome? {
    if type.options.contains(option) || (type == .secret && option == .source) { return nil }
    switch option {
    case .mode, .uid, .gid, .sharing, .size, .required: return .refused
    case .from where type == .secret: return .refused
    default: return .ignored
    }
  }

  /// Values without variables are checked at once, the others when they are known.
  private static func store<Value>(_ option: MountOption<Value>, _ property: inout MountOption<Value>?) -> Outcome {
    property = option
    if option.word.mayExpand || Value(optionText: option.word.text) != nil { return .set }
    return .invalid { option.invalidValue(option.word.text, in: $0) }
  }

  var kind: RunMount.Kind {
    switch type {
    case .bind: .bind(bind)
    case .cache: .cache(cache)
    case .tmpfs: .tmpfs(tmpfs)
    case .secret: .secret(secret)
    case .ssh: .ssh(ssh)
    }
  }

  private var bind: BindMount {
    var mount = BindMount()
    mount.target = words[.target]
    mount.source = words[.source]
    mount.from = words[.from]
    mount.readOnly = readOnly
    return mount
  }

  private var cache: CacheMount {
    var mount = CacheMount()
    mount.target = words[.target]
    mount.id = words[.id]
    mount.readOnly = readOnly
    mount.sharing = sharing
    mount.from = words[.from]
    mount.source = words[.source]
    mount.mode = mode
    mount.uid = uid
    mount.gid = gid
    return mount
  }

  private var tmpfs: TmpfsMount {
    var mount = TmpfsMount()
    mount.target = words[.target]
    mount.size = size
    return mount
  }

  private var secret: SecretMount {
    var mount = SecretMount()
    mount.id = words[.id] ?? words[.source]
    mount.target = words[.target]
    mount.env = words[.env]
    mount.required = required
    mount.mode = mode
    mount.uid = uid
    mount.gid = gid
    return mount
  }

  private var ssh: SSHMount {
    var mount = SSHMount()
    mount.id = words[.id]
    mount.target = words[.target]
    mount.required = required
    mount.mode = mode
    mount.uid = uid
    mount.gid = gid
    return mount
  }
}
