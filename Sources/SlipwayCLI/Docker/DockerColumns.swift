/// A table as docker writes it: columns ten wide at least, with three blanks between them (text/tabwriter with 10, 1, 3).
struct DockerColumns {
  private let rows: [[String]]

  init(_ rows: [[String]]) { self.rows = rows }

  var text: String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      max(10, (rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0) + 3)
    }
    return rows.map { row in
      row.enumerated().map { index, cell in
        index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
      }.joined() + "\n"
    }.joined()
  }
}
