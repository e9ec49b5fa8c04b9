public import HostOS
import SystemPackage

/// Debian's dockerd in a folder of its own, for its BuildKit: without bridge, without firewall rules, and without the
/// socket that others use.
public struct DockerDaemon: Sendable {
  private let folder: FilePath

  /// The command line tool of the same package, whose BuildKit needs no plug-in.
  private static let client = "/usr/bin/docker"

  /// Ends the daemon when nobody holds the pipe `stop` open any more, so also when this process is killed.
  private static let keeper = """
    cd "$1" && shift
    dockerd "$@" >log 2>&1 </dev/null &
    server=$!
    until \(client) -H "unix://$PWD/docker.sock" version >/dev/null 2>&1; do
      kill -0 "$server" 2>/dev/null || { cat log >ready; exit 1; }
      sleep 0.1
    done
    echo ready >ready
    cat stop >/dev/null
    kill "$server"
    wait "$server"
    awk -v folder="$PWD/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount
    """

  /// Starts a daemon, calls `body` when it answers, and ends it.
  /// - Throws: `TestSupportError` when it does not start, and what `body` throws.
  public static func run<Result: Sendable>(_ body: (DockerDaemon) async throws -> Result) async throws -> Result {
    try await Scratch.use("dockerd") { scratch in
      try scratch.write(["ready": .fifo, "stop": .fifo])
      let options = [
        "--iptables=false", "--bridge=none", "--log-level=error", "--data-root=\(scratch("data"))",
        "--exec-root=\(scratch("exec"))", "--pidfile=\(scratch("pid"))", "--host=unix://\(scratch("docker.sock"))",
      ]
      async let keeper = Tool.attempt("sh", ["-c", keeper, "sh", scratch.path.string] + options)
      let ready = scratch("ready")
      let answer = try await Blocking.run { String(decoding: try Files.read(ready), as: UTF8.self) }
      guard answer == "ready\n" else {
        throw TestSupportError("server-failed", "dockerd does not start", notes: [answer])
      }
      let stop = scratch("stop")
      let hold = try await Blocking.run { try Files.open(stop, .writeOnly) }
      let result: Swift.Result<Result, any Error>
      do { result = .success(try await body(DockerDaemon(folder: scratch.path))) } catch { result = .failure(error) }
      try hold.close()
      _ = try await keeper
      return try result.get()
    }
  }

  /// Runs the command line tool.
  /// - Throws: `TestSupportError` when it is missing; how it ends is in the outcome.
  public func docker(_ arguments: [String]) async throws -> ChildProcess.Outcome {
    let environment: Environment = [
      "DOCKER_BUILDKIT": "1", "HOME": folder.string, "PATH": Environment.current["PATH"] ?? "/usr/bin:/bin",
    ]
    return try await Tool.attempt(
      Self.client, ["-H", "unix://\(folder.appending("docker.sock"))"] + arguments, environment: environment)
  }
}
