@testable import BuildPlanning
import OCI
import Testing

@Suite struct HistoryMatchingTests {
  @Test(
    arguments: [
      ([], 0, []), ([false], 1, [false]), ([false, true], 1, [false, true]), ([], 2, [false, false]),
      ([true, false, true], 3, [true, false, true, false, false]), ([false, false, false], 1, [false, true, true]),
      ([false, true], 0, [true, true]),
    ] as [([Bool], Int, [Bool])])
  func hasAnEntryForEachLayer(_ entries: [Bool], _ layers: Int, _ result: [Bool]) {
    let history = entries.map { History(createdBy: "x", emptyLayer: $0) }
    let matched = History.matching(history, layerCount: layers)
    #expect(matched.map { $0.emptyLayer == true } == result)
    #expect(matched.count { $0.emptyLayer != true } == layers)
    #expect(matched.dropFirst(entries.count).allSatisfy { $0.comment == "buildkit.exporter.image.v0" })
  }
}
