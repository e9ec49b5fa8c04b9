import HostOS
import SystemPackage
import TestSupport

/// A folder of `fixtures/differential`: a context with its Dockerfile, and beside them
///
/// - `setup.sh`, which makes what git does not keep: links, modes, archives, empty folders,
/// - `arguments`, one argument of `build` a line,
/// - `differs`, the differences to the reference that are meant: reasons after `#`, then one key a line.
struct DifferentialCase: Sendable {
  let name: String
  /// The context, without the files that describe the case.
  let context: FilePath
  let arguments: [String]
  let meantDifferences: Set<String>

  static func names() throws -> [String] {
    try Files.names(in: Checkout.fixture("differential")).map(\.string).sorted()
  }

  /// Makes the context of a case in a new folder.
  init(_ name: String, in folder: FilePath) async throws {
    self.name = name
    let fixture = Checkout.fixture("differential").appending(name)
    context = folder.appending("context")
    try Files.createDirectories(folder)
    try await Tool.run("cp", ["-R", "--no-preserve=mode,ownership", fixture.string, context.string])
    arguments = try Self.lines(of: context.appending("arguments"))
    meantDifferences = Set(try Self.lines(of: context.appending("differs")))
    if try FileStatus.ifExists(context.appending("setup.sh")) != nil {
      try await Tool.run("sh", ["-euc", "umask 022; . ./setup.sh"], in: context)
    }
    for file in ["arguments", "differs", "setup.sh"] { try Files.removeTree(context.appending(file)) }
  }

  private static func lines(of file: FilePath) throws -> [String] {
    guard try FileStatus.ifExists(file) != nil else { return [] }
    return String(decoding: try Files.read(file), as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("#") }
  }
}
