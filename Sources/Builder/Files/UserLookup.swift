import Archive
import HostOS
import OCI
import SystemPackage

/// Reads the users and groups of a stack of layers.
struct UserLookup {
  let database: UserDatabase
  /// Where the spool file ends after the lookup.
  let spoolEnd: Int64

  /// For steps that ask for no user.
  static let nobody = UserLookup(database: UserDatabase(passwd: "", group: ""), spoolEnd: 0)

  private init(database: UserDatabase, spoolEnd: Int64) {
    self.database = database
    self.spoolEnd = spoolEnd
  }

  /// Blocks.
  /// - Parameter unpacked: a folder with all files of the tree, which spares a pass over a layer.
  init(tree: StackTree, store: BuildStore, spool: SpoolFile, unpacked: FilePath? = nil) throws {
    var spooler = ContentSpooler(store: store, spool: spool, end: 0)
    var texts: [String] = []
    for name in Self.files {
      texts.append(String(decoding: try Self.read(name, tree, unpacked, &spooler), as: UTF8.self))
    }
    database = UserDatabase(passwd: texts[0], group: texts[1])
    spoolEnd = spooler.end
  }

  /// The contents that a lookup reads.
  static func contents(in tree: StackTree) throws -> [ContentReference] {
    try files.compactMap { try file($0, tree).map { try tree.content(at: $0.path) } }
  }

  private static let files = ["etc/passwd", "etc/group"]

  private static func file(_ name: String, _ tree: StackTree) throws -> TreeEntry? {
    guard let written = TreePath(name), let entry = try tree.entry(at: try tree.resolve(written)) else { return nil }
    return entry.isFile && entry.size <= 16 << 20 ? entry : nil
  }

  private static func read(
    _ name: String, _ tree: StackTree, _ unpacked: FilePath?, _ spooler: inout ContentSpooler
  ) throws -> [UInt8] {
    guard let entry = try file(name, tree) else { return [] }
    if let unpacked { return try Files.read(unpacked.pushing(entry.path.filePath)) }
    let items = try spooler.resolve([.init(entry: entry, content: try tree.content(at: entry.path))])
    switch items.first?.content {
    case .bytes(let bytes): return bytes
    case .file(let file): return try Files.read(file)
    case .context(let file): return try Files.read(file.hostPath)
    case .spooled(let spool, let offset, let size): return try spool.read(offset: offset, size: Int(size))
    case .layer, nil: return []
    }
  }
}
