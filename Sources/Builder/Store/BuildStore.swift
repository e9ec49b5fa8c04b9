public import HostOS
public import OCI
public import SystemPackage

/// Where Slipway keeps what it made: blobs, layer indexes, unpacked layers, results of earlier builds.
///
/// Files only, each written under a temporary name and renamed, so that any number of builds may share a store.
public struct BuildStore: Sendable {
  public let root: FilePath
  public let content: ContentStore

  public init(root: FilePath) {
    self.root = root
    content = ContentStore(root: root)
  }

  /// `$SLIPWAY_ROOT`, else `/var/lib/slipway` for root, else `$XDG_DATA_HOME/slipway`.
  public static func defaultRoot(_ environment: Environment, isRoot: Bool) -> FilePath {
    if let root = environment.nonEmpty("SLIPWAY_ROOT") { return FilePath(root) }
    if isRoot { return "/var/lib/slipway" }
    let home = environment.nonEmpty("HOME") ?? "/"
    return FilePath(environment.nonEmpty("XDG_DATA_HOME") ?? "\(home)/.local/share").appending("slipway")
  }

  func indexPath(of diffID: Digest) -> FilePath { root.appending("index").appending(diffID.hex) }

  /// The folder of an unpacked layer, which lies on top of those of the chain below it. What is in it was never
  /// synchronised, so when the machine has been started again it is not looked for.
  func snapshotPath(of chain: ChainID, _ ownership: FileOwnership = .kernel) -> FilePath {
    root.appending("snapshots").appending(chain.digest.hex + ownership.suffix + Self.snapshotSuffix)
  }

  static let snapshotSuffix = ".\(Boot.id)"

  func recordPath(of key: CacheKey) -> FilePath { root.appending("cache").appending(key.hex) }

  /// Names to be locked while the thing of that name is made.
  func lockPath(_ name: String) -> FilePath { root.appending("locks").appending(name) }

  /// A new folder for work in progress, on the same file system as the snapshots.
  /// - Throws: `HostError`.
  public func makeWorkFolder() throws -> FilePath {
    try WorkFolders.make(in: root.appending("work"))
  }

  /// Runs `body` while nobody else, in this process or another, makes the same thing.
  func exclusively<Result>(_ name: String, _ body: () async throws -> Result) async throws -> Result {
    let path = lockPath(name)
    let lock = try await HeldLock.waiting(for: path)
    // Whoever waits for a lock that was removed finds out, and makes a new one.
    defer {
      try? Files.removeTree(path)
      lock.release()
    }
    return try await body()
  }
}
