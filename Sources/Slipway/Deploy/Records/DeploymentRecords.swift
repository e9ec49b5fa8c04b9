import Builder
import HostOS
import JSON
import SystemPackage

/// The records of deployments in the store: `deployments/KEY/TIME-ID.json`.
public struct DeploymentRecords: Sendable {
  private let folder: FilePath
  /// Of each deployment; older ones go.
  private static let kept = 100

  public init(_ bench: Workbench) { folder = bench.store.root.appending("deployments") }

  /// Writes a record; readers never see half of it.
  /// - Throws: `HostError`.
  func add(_ record: DeploymentRecord, of key: String) throws {
    let place = folder.appending(key)
    try Files.createDirectories(place)
    let id = record.json["id"]?.string ?? ""
    let time = record.at.filter { $0.isNumber }
    // Several operations of one second have an order, too.
    let count = try names(key).count { $0.hasPrefix(time) }
    let number = String(count)
    let order = String(repeating: "0", count: max(0, 3 - number.count)) + number
    let name = "\(time)-\(order)-\(id.prefix(8)).json"
    try Files.writeAtomically(Array((record.json.prettyText + "\n").utf8), to: place.appending(name))
    for old in try names(key).dropLast(Self.kept) { try Files.removeTree(place.appending(old)) }
  }

  /// Oldest first.
  private func names(_ key: String) throws -> [String] {
    let place = folder.appending(key)
    guard try FileStatus.ifExists(place) != nil else { return [] }
    return try Files.names(in: place).map(\.string).filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
  }

  private func read(_ key: String) throws -> [DeploymentRecord] {
    try names(key).compactMap { name in
      // What is no record does not hide the others.
      guard let bytes = try? Files.read(folder.appending(key).appending(name), limit: 16 << 20),
        let json = try? JSONValue(parsing: bytes), json["version"]?.int == 1
      else { return nil }
      return DeploymentRecord(json: json)
    }
  }

  /// What `rollback` may go back to: the newest deployment that succeeded with other images than what was deployed last.
  /// - Throws: `HostError`.
  func previous(of key: String) throws -> DeploymentRecord? {
    let all = try read(key)
    guard let last = all.last(where: { $0.operation == "apply" }) else { return nil }
    return all.last { $0.succeeded && $0.operation == "apply" && $0.images != last.images }
  }

  /// All, newest first.
  /// - Throws: `HostError`.
  public func all() throws -> [DeploymentRecord] {
    guard try FileStatus.ifExists(folder) != nil else { return [] }
    let records = try Files.names(in: folder).flatMap { try read($0.string) }
    return records.enumerated().sorted { ($1.element.at, $1.offset) < ($0.element.at, $0.offset) }.map(\.element)
  }
}
