internal import HostOS
internal import SystemPackage

/// A proxy for HTTPS that leads to one port of this machine, whatever host is asked for: so a server here stands for
/// one of the world.
public struct HostTunnel: Sendable {
  let port: Int
  let log: FilePath

  /// For HTTPS_PROXY.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// Starts it, calls `body` when it listens, and ends it.
  /// - Throws: `TestSupportError`, and what `body` throws.
  public static func serve<Result: Sendable>(
    to port: Int, _ body: (HostTunnel) async throws -> Result
  ) async throws -> Result {
    try await Scratch.use("tunnel") { scratch in
      let log = scratch("tunnel.log")
      let server = Server(
        command: ["python3", Checkout.fixture("registry/tunnel.py").string, "--port", "\(port)"],
        environment: ["PATH": Environment.current["PATH"] ?? ""], log: log)
      return try await server.serve(ready: Server.listeningPort) { port in
        try await body(HostTunnel(port: port, log: log))
      }
    }
  }

  /// The hosts that were asked for, with their ports, each once.
  /// - Throws: `HostError`.
  public func hosts() throws -> Set<String> {
    let lines = String(decoding: try Files.read(log), as: UTF8.self).split(separator: "\n")
    return Set(lines.filter { $0.hasPrefix("CONNECT ") }.map { String($0.split(separator: " ")[1]) })
  }
}
