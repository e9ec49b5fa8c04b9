import HostOS
import SystemPackage
import TestSupport

/// A minimal Debian and the packages that `fixtures/rungs` install on it, from where apt gets packages on this machine.
///
/// They are made once and kept in `.build`, where other users may read them: later runs need neither network nor time.
struct DebianFixture: Sendable {
  private let folder: FilePath

  /// The image layout of the base, tag `latest`.
  var base: FilePath { folder.appending("base") }
  /// A repository of apt without signatures.
  var packages: FilePath { folder.appending("packages") }

  private static let wanted = [
    "cron", "libc6-dev", "make", "openssh-client", "python3-setuptools", "python3-venv", "python3-wheel", "sudo", "tcc",
  ]

  /// - Throws: `TestSupportError` when a tool is missing, nobody is root or there is no network.
  static func find() async throws -> DebianFixture { try await made.value }

  private static let made = Task<DebianFixture, any Error> {
    let suite = try await Tool.output("sh", ["-c", ". /etc/os-release && echo $VERSION_CODENAME"])
    let scripts = ["make-base-image", "make-package-repository"].map(Checkout.script)
    // Whatever decides what they are is in the name.
    let texts = try scripts.map { try Files.read($0) } + (wanted + [suite]).map { Array($0.utf8) }
    let name = "debian-\(SHA256Hasher.hex(of: texts.joined(separator: [0])).prefix(16))"
    let place = Checkout.root.appending(".build").appending("fixtures")
    try Files.createDirectories(place)
    let lock = try await Blocking.run { HeldLock(try FileLock(place.appending("\(name).lock"))) }
    defer { lock.release() }
    let fixture = DebianFixture(folder: place.appending(name))
    if try FileStatus.ifExists(fixture.folder) != nil { return fixture }
    let work = DebianFixture(folder: place.appending(Files.uniqueName()))
    try Files.createDirectories(work.folder)
    defer { try? Files.removeTree(work.folder) }
    try await Tool.run(scripts[0].string, ["--debian", suite, "--output", work.base.string])
    try await Tool.run(scripts[1].string, ["--base", work.base.string, "--output", work.packages.string] + wanted)
    try Files.rename(work.folder, to: fixture.folder)
    return fixture
  }
}
