import HostOS
public import JSON
import Synchronization
public import SystemPackage

/// `--events FILE`: what happens, as JSON lines, each written when it happens.
public final class EventsFile: Sendable {
  private let file: Mutex<FileDescriptor>

  /// Begins the file anew.
  /// - Throws: `HostError`.
  public init(_ path: FilePath) throws {
    let options: FileDescriptor.OpenOptions = Files.isStream(path) ? [] : [.create, .truncate]
    file = Mutex(
      try Files.open(path, .writeOnly, options: options, permissions: FilePermissions(rawValue: 0o644)))
  }

  public func record(_ event: JSONValue) {
    file.withLock { file in
      // A full disk must not end a deployment.
      _ = try? file.writeAll(Array((event.text + "\n").utf8))
    }
  }

  deinit { file.withLock { try? $0.close() } }
}
