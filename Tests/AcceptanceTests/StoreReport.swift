import Foundation
import HostOS
import TestSupport
import Testing

/// What `slipway du` says.
struct StoreReport: Decodable {
  struct Item: Decodable {
    var id: String
    var type: String
    var size: Int64
    var reclaimable: Bool
  }
  var size: Int64
  var reclaimable: Int64
  var items: [Item]
}

extension SlipwayBinary {
  func storeReport() async throws -> StoreReport {
    let outcome = try await run(["du", "--format", "json"])
    expect(outcome)
    return try JSONDecoder().decode(StoreReport.self, from: Data(outcome.outputText.utf8))
  }
}
