import HostOS
import SystemPackage
import TestSupport
import Testing

/// A way in which a machine lets commands be kept apart, as somebody who has no better one.
enum Rung: String, Sendable, CaseIterable, CustomTestStringConvertible {
  /// Namespaces, as root.
  case root
  /// Namespaces, as a user who was made for the test and has subordinate ids.
  case subordinateIDs
  /// The same without subordinate ids: owners are recorded.
  case recordedOwners
  /// A changed root folder: root with what Docker gives to a container, and no user namespaces.
  case chroot
  /// No commands at all: a user without any right, and no user namespaces.
  case filesOnly

  var testDescription: String { rawValue }

  /// Runs `body` with a place to build in, where nothing has been built.
  /// - Parameters:
  ///   - variables: of the environment.
  ///   - script: a shell's, which begins `slipway`.
  func use<Result: Sendable>(
    _ variables: [String: String] = ["SOURCE_DATE_EPOCH": "1700000000"], begunBy script: String = #"exec "$@""#,
    _ body: @Sendable (RungPlace) async throws -> Result
  ) async throws -> Result {
    try await Scratch.use("rung") { scratch in
      var binary = try SlipwayBinary(scratch).begun(by: script, in: scratch)
      binary.environment.variables.merge(variables) { $1 }
      let slipway = binary
      switch self {
      case .root: return try await body(RungPlace(folder: scratch.path) { try await slipway.run($0) })
      case .chroot:
        let container = Container(rights: .docker)
        return try await body(RungPlace(folder: scratch.path) { try await slipway.run($0, in: container) })
      case .subordinateIDs, .recordedOwners:
        return try await PlainUser.use(subordinateIDs: self == .recordedOwners ? 0 : 65_536) { user in
          try await body(RungPlace(folder: user.home) { try await slipway.run($0, as: user) })
        }
      case .filesOnly:
        return try await PlainUser.use(subordinateIDs: 0) { user in
          var slipway = slipway
          slipway.environment.variables["HOME"] = user.home.string
          slipway.environment.variables["SLIPWAY_ROOT"] = user.home.appending("store").string
          slipway.environment.variables["TMPDIR"] = user.home.appending("tmp").string
          let container = Container(rights: .none(user))
          return try await body(RungPlace(folder: user.home) { [slipway] in try await slipway.run($0, in: container) })
        }
      }
    }
  }
}

/// A store of somebody's own, and how that one runs `slipway`.
struct RungPlace: Sendable {
  /// Which the one who builds may write to.
  let folder: FilePath
  let run: @Sendable ([String]) async throws -> ChildProcess.Outcome

  /// Builds a folder of `fixtures/rungs` on Debian.
  func build(_ fixture: String, _ arguments: [String] = []) async throws -> ChildProcess.Outcome {
    let debian = try await DebianFixture.find()
    let contexts = ["base=oci-layout://\(debian.base):latest", "packages=\(debian.packages)"]
    return try await run(
      ["build", "--progress", "plain"] + contexts.flatMap { ["--build-context", $0] } + arguments
        + [Checkout.fixture("rungs/\(fixture)").string])
  }

  /// - Returns: the digest of the image.
  func digest(of fixture: String) async throws -> String {
    let outcome = try await build(fixture)
    try #require(outcome.succeeded, "\(outcome.errorText)")
    return outcome.outputText
  }

  /// All files of the image, one a line: type, mode, owner, size, time, digest of the content, path, link and extended
  /// attributes.
  func files(of fixture: String) async throws -> [String] {
    let archive = folder.appending("\(fixture).tar")
    let outcome = try await build(fixture, ["--output", "type=tar,dest=\(archive)"])
    try #require(outcome.succeeded, "\(outcome.errorText)")
    let lines = try await Tool.output("python3", ["-c", Self.list, archive.string])
    try Files.removeTree(archive)
    return lines.split(separator: "\n").map(String.init)
  }

  private static let list = """
    import hashlib, sys, tarfile
    with tarfile.open(sys.argv[1]) as archive:
        for file in archive:
            content = hashlib.sha256(archive.extractfile(file).read()).hexdigest() if file.isreg() else "-"
            attributes = sorted(item for item in file.pax_headers.items() if item[0].startswith("SCHILY.xattr."))
            print(file.type.decode(), f"{file.mode:o}", f"{file.uid}:{file.gid}", file.size, int(file.mtime), content,
                  "/" + file.name, file.linkname, attributes or "")
    """
}
