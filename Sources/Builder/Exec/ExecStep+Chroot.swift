import Archive
import BuildPlanning
import Diagnostics
import HostOS
import OCI
import Sandbox
import SystemPackage

/// Commands where nothing can be mounted: one folder with all files of the layers below, what changed told by stat(2).
extension ExecStep {
  func runInFolder(_ step: ProgressStep) async throws -> Layer {
    let folder = try await materialise()
    let work = folder.removingLastComponent()
    do {
      let tree = try await trees.tree(of: base, name: "the image")
      try await Blocking.run {
        if let root = try tree.entry(at: .root) { try Files.setAttributes(of: root, at: folder) }
      }
      let (layer, isClean) = try await run(in: ChrootRoot(folder: folder, work: work), tree, work, step)
      if isClean { isolation.keep(folder, as: LayerStack(base.layers + [layer])) } else { try Files.removeTree(work) }
      return layer
    } catch {
      try? Files.removeTree(work)
      throw error
    }
  }

  /// The folder that the command before left behind, or a new one, with the layers that it lacks.
  private func materialise() async throws -> FilePath {
    let known = isolation.takeFolder(for: base)
    let folder = try known?.folder ?? store.makeWorkFolder().appending("root")
    do {
      try Files.createDirectories(folder)
      for layer in base.layers.dropFirst(known?.layers ?? 0) { try await extract(layer, into: folder) }
      return folder
    } catch {
      try? Files.removeTree(folder.removingLastComponent())
      throw error
    }
  }

  private func extract(_ layer: Layer, into folder: FilePath) async throws {
    let extractor = LayerExtractor(
      into: folder,
      options: .init(
        mode: .plain, ownership: UserNamespace.current == .singleID ? .restoreWherePermitted : .restore))
    let unpacked = try await trees.intake.unpack(layer, with: extractor)
    let result = try await Blocking.run { try unpacked.finish() }
    for warning in result.warnings { snapshots.progress.report(warning) }
  }

  /// - Returns: the layer, and whether the folder holds exactly what the stack with it says.
  private func run(
    in root: ChrootRoot, _ tree: StackTree, _ work: FilePath, _ step: ProgressStep
  ) async throws -> (Layer, Bool) {
    let holds = MountHolds()
    defer { holds.release() }
    var preparation = MountPreparation(
      operation: operation, inputs: inputs, store: store, snapshots: snapshots, work: work, step: step, holds: holds,
      caches: caches)
    preparation.copies = true
    let mounts = try await preparation.prepare()
    let result: Result<(Layer, Bool), any Error>
    do {
      let command = try await Blocking.run { try self.command(tree, work, mounts, unpacked: root.folder) }
      result = .success(try await run(command, mounts, in: root, tree, step))
    } catch {
      result = .failure(error)
    }
    // Also after a failure: secrets must go, caches must come back.
    let clearing = try await Blocking.run { Result<Void, any Error> { try root.clear() } }
    let answer = try result.get()
    try clearing.get()
    return answer
  }

  private func run(
    _ command: SandboxCommand, _ mounts: PreparedMounts, in root: ChrootRoot, _ tree: StackTree, _ step: ProgressStep
  ) async throws -> (Layer, Bool) {
    let remarks = try await furnish(root, for: command, mounts)
    warn(command, remarks)
    let before = try await Blocking.run {
      let record = try TreeRecord(of: root)
      try makeWorkingDirectory(tree, in: root.folder)
      return record
    }
    try await execute(command, mounts, step) { try await Sandbox().run($0, in: root, on: $1, output: $2) }
    return try await Blocking.run {
      let changes = try before.changes()
      var late = LateFiles(latestTime: commit.latestTime)
      let layer = try commit.write { writer in
        var change = ChangeWriter(writer, below: tree, latestTime: commit.latestTime)
        try changes.entries(of: root) { entry, file in
          late.add(entry)
          try change.append(entry, file)
        }
      }
      try late.settle(in: root.folder)
      return (layer, !changes.hasStrays)
    }
  }

  private func furnish(
    _ root: ChrootRoot, for command: SandboxCommand, _ mounts: PreparedMounts
  ) async throws -> [String] {
    do { return try await Blocking.run { try root.furnish(for: command) } } catch let error as SandboxError {
      throw located(error, mounts)
    }
  }

  /// What a command has to do without here.
  private func warn(_ command: SandboxCommand, _ remarks: [String]) {
    var lines = remarks
    if operation.mounts.contains(where: \.isSecretFile) {
      lines.append(
        "without mounts, a secret is a file on the disk of the store while the command runs; it is wiped then")
    }
    if command.sharedMemorySize != nil { lines.append("without mounts, /dev/shm is a folder and has no size") }
    for line in lines {
      snapshots.progress.report(
        .warning(
          "chroot-isolation", line, at: annotation,
          help: ["permit namespaces on this host for --isolation userns"]))
    }
  }
}

extension ExecMount {
  fileprivate var isSecretFile: Bool {
    if case .secret = kind { target != nil } else { false }
  }
}
