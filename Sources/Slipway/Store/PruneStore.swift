import Builder
public import Diagnostics
import HostOS
import Sandbox
import OCI

/// `slipway prune`: removes what is not needed from the store.
public struct PruneStore: Sendable {
  private let options: Prune.Options
  private let bench: Workbench

  /// - Throws: `SlipwayError` with the codes `invalid-filter` and `invalid-size`.
  public init(_ request: PruneRequest, _ bench: Workbench) throws {
    options = try Prune.Options(request)
    self.bench = bench
  }

  public enum Outcome: Sendable {
    case pruned(PruneReport)
    /// Another process of ours did it.
    case delegated(ExitCode)
  }

  /// - Throws: `HostError`, `OCIError`.
  public func run() async throws -> Outcome {
    // What builds of this user unpacked may belong to ids that only the user's namespace has. Where there can be none,
    // there are no such files either.
    if let code = try? await bench.enterUserNamespace(.auto) { return .delegated(code) }
    let result = try await Blocking.run { [options, store = bench.store] in try Prune(store, options).run() }
    if result.isPartial {
      bench.progress.report(
        .warning(
          "store-in-use", "builds are running, so only what no build can need was removed",
          help: ["prune again when they have ended"]))
    }
    for failure in result.failures { bench.progress.report(failure) }
    return .pruned(PruneReport(result: result))
  }
}

/// What `slipway prune` removed.
public struct PruneReport: Sendable {
  let result: Prune.Result

  public var exitCode: ExitCode { result.failures.isEmpty ? .success : .failure }

  private struct Document: Encodable {
    var untagged: [String]
    var removed: [StoreItem]
    var reclaimed: Int64
    var partial: Bool
  }

  public func rendered(as format: StoreReportFormat) throws -> String {
    switch format {
    case .json:
      let document = Document(
        untagged: result.untagged, removed: result.removed, reclaimed: result.reclaimed, partial: result.isPartial)
      return String(decoding: try JSONDocument.encode(document, pretty: true), as: UTF8.self) + "\n"
    case .text:
      var text = result.untagged.map { "untagged \($0)\n" }.joined()
      text += StoreTable(result.removed.map { [$0.shortID, $0.kind.rawValue, $0.size.storageText] }).text
      return text + "reclaimed \(result.reclaimed.storageText)\n"
    }
  }
}
