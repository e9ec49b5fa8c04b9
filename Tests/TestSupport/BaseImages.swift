internal import Glibc
internal import HostOS
internal import Synchronization
public import SystemPackage

/// Images to build on, made from what the machine has.
public enum BaseImages {
  /// The layout of the busybox base, tag `latest`; made at its first use in a run of the tests, removed at the end.
  /// - Throws: `TestSupportError`.
  public static func busybox() async throws -> FilePath { try await made.value }

  /// Puts the busybox base into a registry.
  /// - Returns: the reference for FROM.
  /// - Throws: `TestSupportError`.
  public static func pushBusybox(to registry: TestRegistry, as image: String = "base:latest")
    async throws -> String
  {
    try await registry.push(busybox(), as: image)
  }

  private static let made = Task<FilePath, any Error> {
    let parent = FilePath(Environment.current.nonEmpty("TMPDIR") ?? "/tmp")
    let folder = parent.appending("slipway-base-images-\(Files.uniqueName())")
    try Files.createDirectories(folder)
    removeAtExit(folder)
    let layout = folder.appending("busybox")
    try await Tool.run(Checkout.script("make-base-image").string, ["--output", layout.string])
    return layout
  }

  private static let leftovers = Mutex<[FilePath]>([])

  private static func removeAtExit(_ folder: FilePath) {
    leftovers.withLock { $0.append(folder) }
    atexit { for folder in BaseImages.leftovers.withLock({ $0 }) { try? Files.removeTree(folder) } }
  }
}
