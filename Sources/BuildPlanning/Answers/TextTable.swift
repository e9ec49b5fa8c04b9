/// Columns of text as Go's `text/tabwriter` aligns them: the last column is not padded.
struct TextTable {
  /// Blanks between columns.
  var padding: Int
  var rows: [[String]]

  /// Each row with its line feed.
  var text: String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.compactMap { $0.indices.contains(column) ? $0[column].unicodeScalars.count : nil }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        guard column < row.count - 1 else { return cell }
        return cell + String(repeating: " ", count: widths[column] - cell.unicodeScalars.count + padding)
      }.joined() + "\n"
    }.joined()
  }
}
