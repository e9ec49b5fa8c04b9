internal import HostOS
public import SystemPackage

/// `slipway serve`, run as people run it, for as long as a closure runs.
public struct SlipwayServer: Sendable {
  /// `HOST:PORT`, as it printed it.
  public let authority: String
  public let port: Int
  /// What it has said on standard error and output.
  private let logFile: FilePath

  /// - Parameter arguments: beside `serve --listen`.
  /// - Throws: `TestSupportError` when it does not start, and what `body` throws.
  public static func run<Result: Sendable>(
    _ slipway: SlipwayBinary, _ arguments: [String], log: FilePath, listen: String = "127.0.0.1:0",
    _ body: (SlipwayServer) async throws -> Result
  ) async throws -> Result {
    let server = Server(
      command: [slipway.executable.string, "serve", "--listen", listen] + arguments,
      environment: slipway.environment.variables, log: log)
    return try await server.serve(ready: address) { authority in
      let port = Int(authority.split(separator: ":").last ?? "") ?? 0
      return try await body(SlipwayServer(authority: authority, port: port, logFile: log))
    }
  }

  public func log() throws -> String { String(decoding: try Files.read(logFile), as: UTF8.self) }

  /// The first line that is an address.
  private static func address(in log: String) -> String? {
    log.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first { line in
      line.last?.isNumber == true && line.contains(":") && !line.contains(" ")
    }.map(String.init)
  }
}
