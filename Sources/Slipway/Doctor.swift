import Builder
import HostOS
import OCI
import Sandbox

/// `slipway doctor`: what this machine permits commands.
public struct Doctor: Sendable {
  public struct Health: Sendable {
    let report: IsolationReport

    /// Whether any Dockerfile with RUN can be built.
    public var permitsCommands: Bool { !report.permitted.isEmpty }

    /// - Throws: `EncodingError`.
    public func rendered(as format: StoreReportFormat) throws -> String {
      switch format {
      case .text: report.description + "\n"
      case .json: String(decoding: try JSONDocument.encode(report, pretty: true), as: UTF8.self) + "\n"
      }
    }
  }

  let bench: Workbench

  public init(_ bench: Workbench) { self.bench = bench }

  /// Tries what commands need, in the store, since overlayfs depends on its file system. Nothing is left there.
  /// - Throws: `HostError` when the store cannot be written.
  public func examine() async throws -> Health {
    let folder = try bench.store.makeWorkFolder()
    defer { try? Files.removeTree(folder) }
    return Health(report: try await IsolationProbe(in: folder).run())
  }
}
