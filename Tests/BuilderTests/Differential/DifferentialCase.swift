import HostOS
import OCI
import SystemPackage
import TestSupport

/// A folder of `fixtures/differential`: a context with its Dockerfile, and beside them
///
/// - `setup.sh`, which makes what git does not keep: links, modes, archives, empty folders,
/// - `arguments`, one argument of `build` a line, in which `{context}` is the context,
/// - `differs`, the differences to the reference that are meant: reasons after `#`, then one key a line,
/// - `recorded.json`, what BuildKit 0.25 or later made of it, where older ones cannot build it or build something else.
///   An empty file asks for a recording.
struct DifferentialCase: Sendable {
  let name: String
  /// The context, without the files that describe the case.
  let context: FilePath
  let arguments: [String]
  let meantDifferences: Set<String>
  /// Whether the case is compared with a recording and not with the daemon of this machine.
  let isRecorded: Bool

  /// Seconds since 1970. Files of contexts are older, what a build makes is younger.
  static let endOfOldTimes: Int64 = 1_735_689_600

  static func names() throws -> [String] {
    try Files.names(in: Checkout.fixture("differential")).map(\.string).sorted()
  }

  private static let descriptions = ["arguments", "differs", "recorded.json", "setup.sh"]

  /// Makes the context of a case in a new folder.
  init(_ name: String, in folder: FilePath) async throws {
    self.name = name
    let fixture = Checkout.fixture("differential").appending(name)
    context = folder.appending("context")
    try Files.createDirectories(folder)
    try await Tool.run("cp", ["-R", "--no-preserve=mode,ownership", fixture.string, context.string])
    arguments = try Self.lines(of: context.appending("arguments")).map { [context] line in
      line.replacing("{context}", with: context.string)
    }
    meantDifferences = Set(try Self.lines(of: context.appending("differs")))
    isRecorded = try FileStatus.ifExists(context.appending("recorded.json")) != nil
    if try FileStatus.ifExists(context.appending("setup.sh")) != nil {
      try await Tool.run("sh", ["-euc", "umask 022; . ./setup.sh"], in: context)
    }
    for file in Self.descriptions { try Files.removeTree(context.appending(file)) }
    try await setTimes()
  }

  /// What was recorded.
  func recording() throws -> BuildRecord {
    let bytes = try Files.read(Self.recordingPath(name))
    return try JSONDocument.decode(BuildRecord.self, from: bytes, called: "recording of \(name)")
  }

  func record(_ record: BuildRecord) throws {
    try Files.writeAtomically(JSONDocument.encode(record, pretty: true) + [0x0A], to: Self.recordingPath(name))
  }

  private static func recordingPath(_ name: String) -> FilePath {
    Checkout.fixture("differential").appending(name).appending("recorded.json")
  }

  /// Gives all files a time of the case, but those to which `setup.sh` gave one: BuildKit takes files of one size and
  /// time for the same file, from one build to the next.
  private func setTimes() async throws {
    let hash = name.utf8.reduce(UInt64(5381)) { ($0 &* 33) ^ UInt64($1) }
    let seconds = 1_500_000_000 + hash % 100_000_000
    try await Tool.run(
      "find",
      [".", "-newermt", "@\(Self.endOfOldTimes)", "-exec", "touch", "-h", "-d", "@\(seconds)", "{}", "+"],
      in: context)
  }

  private static func lines(of file: FilePath) throws -> [String] {
    guard try FileStatus.ifExists(file) != nil else { return [] }
    return String(decoding: try Files.read(file), as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("#") }
  }
}
