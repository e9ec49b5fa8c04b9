internal import HostOS
public import SystemPackage

/// A folder for one test, removed when the value goes; other users may enter it.
///
/// Keep it in a property of the suite, which lives as long as one test, or call `use`: the optimiser may let go of a
/// local variable after its last use. With SLIPWAY_KEEP_SCRATCH set, the folder stays, and its path is printed.
public final class Scratch: Sendable {
  public let path: FilePath

  /// - Throws: `HostError`.
  public init(_ name: String = "test") throws {
    let parent = FilePath(Environment.current.nonEmpty("TMPDIR") ?? "/tmp")
    path = parent.appending("slipway-\(name)-\(Files.uniqueName())")
    try Files.createDirectories(path)
  }

  deinit {
    if Environment.current.nonEmpty("SLIPWAY_KEEP_SCRATCH") != nil {
      print("kept \(path)")
    } else {
      try? Files.removeTree(path)
    }
  }

  /// Keeps the folder for as long as `body` runs.
  public static func use<Result>(
    _ name: String = "test", _ body: (Scratch) async throws -> Result
  ) async throws -> Result {
    let scratch = try Scratch(name)
    let result = try await body(scratch)
    return withExtendedLifetime(scratch) { result }
  }

  /// The path of something below the folder; it need not exist.
  public func callAsFunction(_ relative: String) -> FilePath { path.pushing(FilePath(relative)) }

  /// Writes a tree of files, with the folders that lead to them.
  ///
  ///     try scratch.write(["Dockerfile": "FROM scratch\n", "run.sh": .file("#!/bin/sh\n", mode: 0o755), "empty": .directory()])
  /// - Returns: the folder that `relative` names, or the scratch folder itself.
  /// - Throws: `HostError`.
  @discardableResult
  public func write(_ tree: [String: ScratchEntry], in relative: String = "") throws -> FilePath {
    let folder = relative.isEmpty ? path : self(relative)
    try Self.write(tree, to: folder)
    return folder
  }

  /// The same in any folder.
  public static func write(_ tree: [String: ScratchEntry], to folder: FilePath) throws {
    try Files.createDirectories(folder)
    for (name, entry) in tree.sorted(by: { $0.key < $1.key }) {
      let target = folder.pushing(FilePath(name))
      try Files.createDirectories(target.removingLastComponent())
      try entry.create(at: target)
    }
  }
}
