import Diagnostics
import DockerfileSyntax

/// RUN --mount (Dockerfile reference, "RUN --mount"; BuildKit, `dispatchRunMounts`).
extension InstructionPlanner {
  /// The mounts with all defaults, in the order of writing.
  /// - Throws: `PlanningError` with the mistakes of all mounts.
  func mounts(of run: RunInstruction, _ state: StageState, _ session: inout PlanningSession) throws -> [ExecMount] {
    var mounts: [ExecMount] = []
    var errors: [Diagnostic] = []
    var sockets = 0
    for (index, mount) in run.mounts.enumerated() {
      let source = Source(mount, index, command)
      do {
        switch mount.kind {
        case .bind(let bind): mounts.append(try plan(bind, source, state, &session))
        case .cache(let cache): mounts.append(try plan(cache, source, state, &session))
        case .tmpfs(let tmpfs): mounts.append(try plan(tmpfs, source, state))
        case .secret(let secret): mounts.append(try plan(secret, source, state))
        case .ssh(let agent):
          mounts.append(try plan(agent, number: sockets, source, state))
          sockets += 1
        }
      } catch let error as any DiagnosticError {
        errors += error.diagnostics
      }
    }
    guard errors.isEmpty else { throw PlanningError(errors) }
    warnAboutHiddenMounts(mounts, &session)
    return mounts
  }

  /// Parents before what lies below them; what has no target comes last.
  func sorted(_ mounts: [ExecMount]) -> [ExecMount] {
    let sorted = mounts.enumerated().sorted { left, right in
      Self.isOrdered(left.element.target, right.element.target) ?? (left.offset < right.offset)
    }
    return sorted.map(\.element)
  }

  /// A mount as it is written.
  private struct Source {
    var place: SourceAnnotation
    var origin: ResolvedStage.Origin?

    init(_ mount: RunMount, _ index: Int, _ command: ResolvedStage.Command) {
      place = SourceAnnotation(command.file, mount.range)
      origin = command.origins.indices.contains(index) ? command.origins[index] : nil
    }
  }

  // MARK: Types

  private func plan(
    _ bind: BindMount, _ source: Source, _ state: StageState, _ session: inout PlanningSession
  ) throws -> ExecMount {
    let target = try target(bind.target, source, state)
    let path = ImagePath.clean(try expandIfGiven(bind.source, state) ?? "")
    let isReadOnly = try value(of: bind.readOnly, state) ?? true
    let vertex = source.origin.map { session.vertex(of: $0) } ?? contextVertex(&session)
    return ExecMount(
      target: target, kind: .bind(ExecMount.Bind(source: vertex, path: path, isReadOnly: isReadOnly)),
      place: source.place)
  }

  private func plan(
    _ cache: CacheMount, _ source: Source, _ state: StageState, _ session: inout PlanningSession
  ) throws -> ExecMount {
    let target = try target(cache.target, source, state)
    let id = try expandIfGiven(cache.id, state) ?? ""
    // BuildKit takes the target as it is written.
    let name = id.isEmpty ? Self.cleaned(try expandIfGiven(cache.target, state) ?? "") : id
    let namespace = session.options.arguments["BUILDKIT_CACHE_MOUNT_NS"] ?? ""
    let mount = ExecMount.Cache(
      id: "\(namespace)/\(name)", sharing: try value(of: cache.sharing, state) ?? .shared,
      source: source.origin.flatMap { session.vertex(of: $0) },
      path: ImagePath.clean(try expandIfGiven(cache.source, state) ?? ""),
      isReadOnly: try value(of: cache.readOnly, state) ?? false,
      mode: try mode(cache.mode, state) ?? 0o755, uid: try value(of: cache.uid, state) ?? 0,
      gid: try value(of: cache.gid, state) ?? 0)
    return ExecMount(target: target, kind: .cache(mount), place: source.place)
  }

  private func plan(_ tmpfs: TmpfsMount, _ source: Source, _ state: StageState) throws -> ExecMount {
    let size = try value(of: tmpfs.size, state)?.rawValue
    return ExecMount(
      target: try target(tmpfs.target, source, state), kind: .tmpfs(size: size.flatMap { $0 > 0 ? $0 : nil }),
      place: source.place)
  }

  private func plan(_ secret: SecretMount, _ source: Source, _ state: StageState) throws -> ExecMount {
    let givenTarget = try expandIfGiven(secret.target, state).flatMap { $0.isEmpty ? nil : $0 }
    let givenID = try expandIfGiven(secret.id, state).flatMap { $0.isEmpty ? nil : $0 }
    guard let id = givenID ?? givenTarget.map(Self.lastComponent) else {
      throw PlanningError(
        "secret-without-id", "the secret's id and target are empty", at: source.place,
        help: ["give the variables in them values"])
    }
    let variable = try expandIfGiven(secret.env, state)
    if let word = secret.env, variable?.isEmpty == true {
      throw PlanningError(
        "empty-variable-name", "a variable needs a name, but env is empty", at: annotation(word),
        help: ["write env=NAME"])
    }
    var target = try givenTarget.map { try self.target($0, secret.target, source, state) }
    if variable == nil, target == nil { target = "/run/secrets/\(Self.lastComponent(id))" }
    let mount = ExecMount.Secret(
      id: id, variable: variable, isRequired: try value(of: secret.required, state) ?? false,
      mode: try mode(secret.mode, state) ?? 0o400, uid: try value(of: secret.uid, state) ?? 0,
      gid: try value(of: secret.gid, state) ?? 0)
    return ExecMount(target: target, kind: .secret(mount), place: source.place)
  }

  private func plan(_ agent: SSHMount, number: Int, _ source: Source, _ state: StageState) throws -> ExecMount {
    let id = try expandIfGiven(agent.id, state) ?? ""
    let given = try expandIfGiven(agent.target, state) ?? ""
    let target =
      given.isEmpty ? "/run/buildkit/ssh_agent.\(number)" : try self.target(given, agent.target, source, state)
    let mount = ExecMount.SSH(
      id: id.isEmpty ? "default" : id, isRequired: try value(of: agent.required, state) ?? false,
      mode: try mode(agent.mode, state) ?? 0o600, uid: try value(of: agent.uid, state) ?? 0,
      gid: try value(of: agent.gid, state) ?? 0)
    return ExecMount(target: target, kind: .ssh(mount), place: source.place)
  }

  // MARK: Options

  private func target(_ word: Word?, _ source: Source, _ state: StageState) throws -> String {
    try target(try expandIfGiven(word, state) ?? "", word, source, state)
  }

  /// No target is the working directory.
  private func target(_ text: String, _ word: Word?, _ source: Source, _ state: StageState) throws -> String {
    let path = ImagePath.resolve(text, in: state.workingDirectory)
    guard path != "/" else {
      throw PlanningError(
        "mount-at-root", text.isEmpty ? "the mount has no target" : "nothing can be mounted at /",
        at: word.map(annotation) ?? source.place, help: ["name a folder below it: target=/PATH"])
    }
    return path
  }

  private func value<Value>(of option: MountOption<Value>?, _ state: StageState) throws -> Value? {
    guard let option else { return nil }
    return try Expansion(file: command.file, escape: command.escape).value(of: option, in: state.variables)
  }

  private func mode(_ option: MountOption<FileMode>?, _ state: StageState) throws -> UInt16? {
    guard let option, let mode = try value(of: option, state) else { return nil }
    guard mode.rawValue <= 0o7777 else {
      throw PlanningError(
        "invalid-mode", "0\(String(mode.rawValue, radix: 8)) is not a file mode", at: annotation(option.word),
        help: ["write an octal number up to 07777"])
    }
    return UInt16(mode.rawValue)
  }

  // MARK: Order

  /// Nil when the order of writing decides.
  private static func isOrdered(_ left: String?, _ right: String?) -> Bool? {
    guard left != right else { return nil }
    guard let left else { return false }
    guard let right else { return true }
    return left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  private func warnAboutHiddenMounts(_ mounts: [ExecMount], _ session: inout PlanningSession) {
    for (index, mount) in mounts.enumerated() {
      guard let target = mount.target, let upper = mounts[(index + 1)...].first(where: { $0.target == target })
      else { continue }
      session.warnings.append(
        .warning(
          "hidden-mount", "another mount at \(target) hides this one", at: mount.place,
          notes: [.init("this one is on top", at: upper.place)], help: ["mount one of them elsewhere"]))
    }
  }

  /// As Go's `path.Base`.
  private static func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? "/"
  }

  /// As Go's `path.Clean`.
  private static func cleaned(_ path: String) -> String {
    if path.hasPrefix("/") { return ImagePath.clean(path) }
    var components: [Substring] = []
    for component in path.split(separator: "/") where component != "." {
      if component == "..", let last = components.last, last != ".." {
        components.removeLast()
      } else {
        components.append(component)
      }
    }
    return components.isEmpty ? "." : components.joined(separator: "/")
  }
}
