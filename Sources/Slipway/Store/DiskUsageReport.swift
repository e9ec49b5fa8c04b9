import Builder
public import Diagnostics
import HostOS
import Sandbox
import OCI

/// `slipway du`: what the store holds.
public struct DiskUsageReport: Sendable {
  private let usage: StoreUsage
  private let now: Timestamp

  public enum Outcome: Sendable {
    case found(DiskUsageReport)
    /// Another process of ours did it.
    case delegated(ExitCode)
  }

  /// - Throws: `HostError`, `OCIError`.
  public static func make(_ bench: Workbench) async throws -> Outcome {
    // Folders that builds of this user unpacked may be closed to all but ids that only the user's namespace has. Where
    // there can be none, there are no such folders either.
    if let code = try? await bench.enterUserNamespace(.auto) { return .delegated(code) }
    return .found(try await Blocking.run { [store = bench.store] in DiskUsageReport(usage: try StoreUsage(of: store)) })
  }

  private init(usage: StoreUsage) {
    self.usage = usage
    now = .now
  }

  /// - Parameter listsItems: whether text says each thing, not only each type; JSON always does.
  public func rendered(as format: StoreReportFormat, listsItems: Bool) throws -> String {
    switch format {
    case .json: String(decoding: try JSONDocument.encode(document, pretty: true), as: UTF8.self) + "\n"
    case .text: listsItems ? itemTable + "\n" + typeTable : typeTable
    }
  }

  private struct Document: Encodable {
    var size: Int64
    var reclaimable: Int64
    var inUse: Bool
    var items: [StoreItem]
  }

  private var document: Document {
    Document(
      size: usage.size, reclaimable: usage.reclaimable, inUse: usage.isInUse,
      items: usage.items.sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) })
  }

  private var typeTable: String {
    var rows = [["TYPE", "COUNT", "SIZE", "RECLAIMABLE"]]
    for kind in StoreItem.Kind.allCases {
      let items = usage.items.filter { $0.kind == kind }
      if items.isEmpty { continue }
      let reclaimable = items.filter(\.isReclaimable)
      rows.append([kind.rawValue, "\(items.count)", Self.size(of: items), Self.size(of: reclaimable)])
    }
    rows.append(["total", "\(usage.items.count)", usage.size.storageText, usage.reclaimable.storageText])
    return StoreTable(rows).text
  }

  private static func size(of items: [StoreItem]) -> String { items.reduce(0) { $0 + $1.size }.storageText }

  private var itemTable: String {
    var rows = [["ID", "TYPE", "SIZE", "LAST USED", "RECLAIMABLE", "IMAGES"]]
    for item in usage.items.sorted(by: { ($0.lastUsed, $0.id) > ($1.lastUsed, $1.id) }) {
      rows.append([
        item.shortID, item.kind.rawValue, item.size.storageText, age(item.lastUsed),
        item.isInUse ? "in use" : item.isReclaimable ? "yes" : "no", item.images.joined(separator: ", "),
      ])
    }
    return StoreTable(rows).text
  }

  private func age(_ time: Timestamp) -> String {
    guard time.seconds > 0 else { return "unknown" }
    let seconds = max(0, now.seconds - time.seconds)
    switch seconds {
    case ..<120: return "now"
    case ..<7200: return "\(seconds / 60) minutes ago"
    case ..<172_800: return "\(seconds / 3600) hours ago"
    default: return "\(seconds / 86_400) days ago"
    }
  }
}

/// How reports on the store are written.
public enum StoreReportFormat: String, Sendable, CaseIterable {
  case text, json
}

/// Columns as wide as what is in them.
struct StoreTable {
  private let rows: [[String]]

  init(_ rows: [[String]]) { self.rows = rows }

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

extension Int64 {
  /// As docker writes sizes: in units of 1000, with at most four digits.
  var storageText: String {
    var (value, units) = (Double(self), ["B", "kB", "MB", "GB", "TB", "PB"][...])
    while value >= 999.95, units.count > 1 {
      value /= 1000
      units = units.dropFirst()
    }
    let tenths = Int((value * 10).rounded())
    return (tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)") + (units.first ?? "B")
  }
}
