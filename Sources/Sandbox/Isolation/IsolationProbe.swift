import CSandbox
import Glibc
import HostOS
public import SystemPackage

/// Tries in throw-away processes what isolation this host permits.
public struct IsolationProbe: Sendable {
  /// Where overlayfs is tried: the store, because it depends on the file system.
  public var folder: FilePath

  public init(in folder: FilePath) { self.folder = folder }

  /// Takes some ten milliseconds and changes nothing.
  /// - Throws: `HostError` when the folder cannot be written.
  public func run() async throws -> IsolationReport {
    let probe = self
    return try await Blocking.run { try probe.tryAll() }
  }

  /// Whether all that commands in namespaces need works at once, in this process as it is.
  /// - Throws: `HostError` when the folder cannot be written.
  public func permitsNamespaces() async throws -> Bool {
    guard ProcessCapabilities.effective.contains(.systemAdministration) else { return false }
    let probe = self
    return try await Blocking.run {
      try probe.withRoot { root in
        let needed = Self.trials(in: root, isPrivileged: true).last.map {
          Trial(feature: $0.feature, namespaces: Sandbox.namespaces(for: .host), steps: $0.steps)
        }
        return needed.map { probe.attempt($0, root) == nil } ?? false
      }
    }
  }

  /// Whether this process, as it is, may change its root folder.
  /// - Throws: `HostError` when the folder cannot be written.
  public func permitsChroot() async throws -> Bool {
    let probe = self
    return try await Blocking.run { try probe.withRoot { probe.attempt(Self.chrootTrial, $0) == nil } }
  }

  /// Why owners of files cannot be recorded here, where this process is root of a user namespace with one id; nil when
  /// they can. Blocks.
  /// - Throws: `HostError` when the folder cannot be written.
  public func refusalOfRecords() throws -> IsolationReport.Refusal? {
    try withRoot { try refusalOfRecords(in: $0, isPrivileged: true) }
  }

  private func refusalOfRecords(
    in root: RootFilesystem, isPrivileged: Bool
  ) throws -> IsolationReport.Refusal? {
    let feature = "recording owners"
    do { try ExtendedAttributes.set("user.slipway.owner", to: Array("0:0".utf8), at: root.upper) } catch let error
      as HostError
    {
      return IsolationReport.Refusal(
        feature: feature, systemCall: "setxattr", errno: error.errno, evidence: "tried in \(folder)",
        remedies: ["put the store, SLIPWAY_ROOT, on a file system with extended attributes for users"])
    }
    let owners: OwnerRecords
    do { owners = try OwnerRecords(user: .root) } catch {
      return IsolationReport.Refusal(
        feature: feature, systemCall: "mmap", errno: nil, evidence: "\(error)", remedies: ["leave more memory free"])
    }
    defer { withExtendedLifetime(owners) {} }
    let map: [Step] = isPrivileged ? [] : [.mapSelf(uid: geteuid(), gid: getegid())]
    let steps = [.privateMounts] + Step.overlay(root, userAttributes: true) + [.mount("proc", on: "/proc"), .enterRoot]
    let trial = Trial(
      feature: feature,
      namespaces: (isPrivileged ? 0 : csandbox_NEWUSER) | csandbox_NEWNS | csandbox_NEWPID,
      steps: map + steps + [.forkRecording(owners), .recordOwners])
    return attempt(trial, root)
  }

  /// One thing to try.
  private struct Trial {
    var feature: String
    var namespaces: UInt64
    var steps: [Step]
  }

  private static let chrootTrial = Trial(feature: "chroot", namespaces: 0, steps: [.changeRoot("/")])

  private func withRoot<Result>(_ body: (RootFilesystem) throws -> Result) throws -> Result {
    let directory = try TemporaryDirectory(prefix: "slipway-probe", in: folder)
    let root = RootFilesystem(
      lowers: [], upper: directory.path.appending("upper"), work: directory.path.appending("work"))
    for path in [root.upper, root.work] { try Files.createDirectories(path) }
    defer { try? Files.removeTree(root.work) }
    return try body(root)
  }

  private func tryAll() throws -> IsolationReport { try withRoot { try tryAll(in: $0) } }

  private func tryAll(in root: RootFilesystem) throws -> IsolationReport {
    let isPrivileged = ProcessCapabilities.effective.contains(.systemAdministration)
    var refusals: [IsolationReport.Refusal] = []
    for trial in Self.trials(in: root, isPrivileged: isPrivileged) {
      guard let refusal = attempt(trial, root) else { continue }
      // A trial of mounts may need what an earlier one was refused.
      let isTold = refusals.contains { ($0.evidence, $0.errno) == (refusal.evidence, refusal.errno) }
      if isTold, trial.steps.contains(where: { $0.kind == CSANDBOX_PRIVATE_MOUNTS }) { continue }
      refusals.append(refusal)
      // All that follows needs it.
      if trial.feature == Self.userNamespace { break }
    }
    let isInitial = isPrivileged && UserNamespace.current == .initial
    let namespacesWork = refusals.allSatisfy { $0.feature == Self.ownProc && !isInitial }
    let chroot = attempt(Self.chrootTrial, root)
    if let chroot, !namespacesWork { refusals.append(chroot) }
    var report = IsolationReport(
      permitted: (namespacesWork ? [.userns] : []) + (chroot == nil ? [.chroot] : []),
      identities: nil, refusals: refusals)
    // Root of a namespace may give its commands a filter.
    report.unfiltered = report.permitted.filter { rung in
      rung == .userns ? !SystemCallFilter.isKnown : !SystemCallFilter.isPermitted
    }
    report.hasOwnFilter = csandbox_is_filtered() != 0
    addIdentities(to: &report, isPrivileged: isPrivileged)
    if report.identities == .singleID {
      let refusal = try refusalOfRecords(in: root, isPrivileged: isPrivileged)
      report.recordsOwners = refusal == nil
      if let refusal { report.refusals.append(refusal) }
    }
    return report
  }

  private static let userNamespace = "user namespace"
  private static let ownProc = "a /proc of its own"

  private static func trials(in root: RootFilesystem, isPrivileged: Bool) -> [Trial] {
    let isInitial = isPrivileged && UserNamespace.current == .initial
    let user: UInt64 = isPrivileged ? 0 : csandbox_NEWUSER
    let map: [Step] = isPrivileged ? [] : [.mapSelf(uid: geteuid(), gid: getegid())]
    let overlay = map + [.privateMounts] + Step.overlay(root, userAttributes: !isInitial)
    let proc = overlay + [.mount("proc", on: "/proc")]
    // A refusal of a /proc of its own is worth telling, but commands can do with the container's.
    let anyProc = isInitial ? proc : overlay + [.mount("proc", on: "/proc").elseNext, .bind("/proc", on: "/proc")]
    var trials: [Trial] = isPrivileged ? [] : [Trial(feature: userNamespace, namespaces: user, steps: map)]
    for (name, flag) in [
      ("mount", csandbox_NEWNS), ("process", csandbox_NEWPID), ("IPC", csandbox_NEWIPC), ("host name", csandbox_NEWUTS),
      ("network", csandbox_NEWNET),
    ] {
      trials.append(Trial(feature: "\(name) namespace", namespaces: user | flag, steps: map))
    }
    let namespaces = user | csandbox_NEWNS | csandbox_NEWPID
    trials += [
      Trial(feature: "mounts", namespaces: user | csandbox_NEWNS, steps: map + [.privateMounts]),
      Trial(feature: "overlayfs", namespaces: user | csandbox_NEWNS, steps: overlay),
      Trial(feature: ownProc, namespaces: namespaces, steps: proc),
      Trial(feature: "a root of its own", namespaces: namespaces, steps: anyProc + [.enterRoot]),
    ]
    return trials
  }

  private func attempt(_ trial: Trial, _ root: RootFilesystem) -> IsolationReport.Refusal? {
    let supervisor = Supervisor(
      namespaces: trial.namespaces, timeout: .seconds(10), killSwitch: KillSwitch(), output: { _, _ in })
    let evidence = "tried in a throw-away process: "
    do {
      let report = try supervisor.run(trial.steps, nil).report
      guard let refusal = report.refusal else {
        return report.waitStatus == 0 ? nil : ended(trial, evidence)
      }
      let step = trial.steps.indices.contains(refusal.step) ? trial.steps[refusal.step].purpose : trial.feature
      return IsolationReport.Refusal(
        feature: trial.feature, systemCall: refusal.systemCall, errno: refusal.errno, evidence: evidence + step,
        remedies: Remedy.forStep(trial.steps, refusal, root))
    } catch let error as SandboxError {
      guard case .setUp(let failure) = error.cause else { return ended(trial, evidence) }
      return IsolationReport.Refusal(
        feature: trial.feature, systemCall: failure.systemCall, errno: failure.errno,
        evidence: evidence + failure.step, remedies: error.help)
    } catch { return ended(trial, evidence) }
  }

  private func ended(_ trial: Trial, _ evidence: String) -> IsolationReport.Refusal {
    IsolationReport.Refusal(
      feature: trial.feature, systemCall: "", errno: nil, evidence: evidence + "it ended early",
      remedies: Remedy.forNamespaces())
  }

  /// A plain user gets more than one id only by the tools and files of shadow.
  private func addIdentities(to report: inout IsolationReport, isPrivileged: Bool) {
    if isPrivileged {
      report.identities = UserNamespace.current
      return
    }
    guard report.permitted.contains(.userns) else { return }
    report.identities = .ranges
    guard geteuid() != 0 else { return }
    let ids = SubordinateIDs.ofCurrentUser()
    for (file, tool, ranges) in [("/etc/subuid", "newuidmap", ids.users), ("/etc/subgid", "newgidmap", ids.groups)] {
      if ranges.isEmpty {
        let flag = tool == "newuidmap" ? "--add-subuids" : "--add-subgids"
        report.refuseIDs("read \(file): no line for this user", "usermod \(flag) 100000-165535 NAME")
      }
      if !Self.isInPath(tool) {
        report.refuseIDs("looked for \(tool) in PATH", "install the package uidmap, or shadow-utils")
      }
    }
  }

  private static func isInPath(_ tool: String) -> Bool {
    (Environment.current["PATH"] ?? "/usr/bin:/bin").split(separator: ":").contains { folder in
      access("\(folder)/\(tool)", X_OK) == 0
    }
  }
}

extension IsolationReport {
  fileprivate mutating func refuseIDs(_ evidence: String, _ remedy: String) {
    identities = .singleID
    refusals.append(
      Refusal(feature: "subordinate ids", systemCall: "", errno: nil, evidence: evidence, remedies: [remedy]))
  }
}
