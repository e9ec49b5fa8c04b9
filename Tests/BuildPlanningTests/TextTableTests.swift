@testable import BuildPlanning
import Testing

/// What Go's `text/tabwriter` gives for the same cells.
@Suite struct TextTableTests {
  @Test func alignsColumns() {
    let table = TextTable(padding: 3, rows: [["A", "LONG", "C"], ["wide", "", "x"], ["ü", "y", ""]])
    #expect(table.text == "A      LONG   C\nwide          x\nü      y      \n")
  }

  @Test func isEmptyWithoutRows() {
    #expect(TextTable(padding: 1, rows: []).text.isEmpty)
  }
}
