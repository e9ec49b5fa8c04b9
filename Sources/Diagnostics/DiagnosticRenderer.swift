/// Renders diagnostics as text for people, in the manner of rustc:
///
///     error[unknown-instruction]: there is no instruction FORM
///      --> Dockerfile:1:1
///       |
///     1 | FORM alpine
///       | ^^^^
///       = help: did you mean FROM?
public struct DiagnosticRenderer: Sendable {
  public var color: Bool

  public init(color: Bool = false) {
    self.color = color
  }

  public func render(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map(render).joined(separator: "\n")
  }

  /// The text of one diagnostic, ending in a line feed.
  public func render(_ diagnostic: Diagnostic) -> String {
    var out =
      paint("\(diagnostic.severity.rawValue)[\(diagnostic.code)]", style(of: diagnostic.severity))
      + paint(": \(Self.printableLines(diagnostic.message))", .bold) + "\n"
    let width = gutterWidth(of: diagnostic)
    if let annotation = diagnostic.annotation {
      out += excerpt(annotation, width: width, style: style(of: diagnostic.severity))
    }
    for note in diagnostic.notes {
      if let annotation = note.annotation {
        out += paint("note", .cyan) + paint(": \(Self.printableLines(note.message))", .bold) + "\n"
        out += excerpt(annotation, width: width, style: .cyan)
      } else {
        out += remark("note", note.message, width: width)
      }
    }
    for help in diagnostic.help { out += remark("help", help, width: width) }
    return out
  }

  // MARK: Parts

  private func gutterWidth(of diagnostic: Diagnostic) -> Int {
    let annotations = [diagnostic.annotation].compactMap { $0 } + diagnostic.notes.compactMap(\.annotation)
    let lastLine = annotations.map { $0.file.lineIndex(at: max($0.range.lowerBound, $0.range.upperBound - 1)) + 1 }
    return String(lastLine.max() ?? 1).count
  }

  private func remark(_ kind: String, _ text: String, width: Int) -> String {
    let indent = String(repeating: " ", count: width + 1)
    let continuation = "\n" + indent + String(repeating: " ", count: kind.count + 4)
    let body = text.split(separator: "\n", omittingEmptySubsequences: false).map { Self.printable(String($0)) }
      .joined(separator: continuation)
    return indent + paint("= \(kind)", .blue) + ": \(body)\n"
  }

  private func excerpt(_ annotation: SourceAnnotation, width: Int, style: Style) -> String {
    let file = annotation.file
    let indent = String(repeating: " ", count: width)
    let start = file.location(at: annotation.range.lowerBound)
    var out = indent + paint("-->", .blue) + " \(Self.printable(file.name)):\(start.line):\(start.column)\n"
    let firstLine = start.line - 1
    let lastLine = file.lineIndex(at: max(annotation.range.lowerBound, annotation.range.upperBound - 1))
    guard firstLine < file.lineStarts.count, !file.bytes.isEmpty else { return out }
    out += indent + paint(" |", .blue) + "\n"
    for line in shownLines(first: firstLine, last: lastLine) {
      guard let line else {
        out += paint(String(repeating: ".", count: width + 1), .blue) + "\n"
        continue
      }
      let number = String(line + 1)
      let padding = String(repeating: " ", count: width - number.count)
      let shown = ShownLine(line, of: file, marking: annotation.range)
      out += paint("\(padding)\(number) |", .blue) + trimmed(" " + shown.text) + "\n"
      let label = line == lastLine ? annotation.label : ""
      let marks = String(repeating: "^", count: shown.length) + (label.isEmpty ? "" : " \(Self.printable(label))")
      out += indent + paint(" |", .blue) + " " + String(repeating: " ", count: shown.lead) + paint(marks, style) + "\n"
    }
    return out
  }

  /// A long range shows its first two lines and its last; nil stands for what is left out.
  private func shownLines(first: Int, last: Int) -> [Int?] {
    last - first < 4 ? Array(first...max(first, last)) : [first, first + 1, nil, last]
  }

  private func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// Tabs become four blanks, other control characters and marks that turn the direction of writing a picture, so
  /// that carets stay below their text and no input speaks to the terminal.
  static func printable(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09: out += "    "
      case 0..<0x20: out.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
      case 0x7F: out += "\u{2421}"
      case 0x80..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: out += "\u{FFFD}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// Keeps line feeds: a message may quote what a tool wrote.
  private static func printableLines(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }.joined(
      separator: "\n")
  }

  // MARK: Colour

  enum Style: String {
    case bold = "1"
    case red = "1;31"
    case yellow = "1;33"
    case cyan = "1;36"
    case blue = "34"
  }

  private func style(of severity: Diagnostic.Severity) -> Style {
    switch severity {
    case .error: .red
    case .warning: .yellow
    case .note: .cyan
    }
  }

  private func paint(_ text: String, _ style: Style) -> String {
    color ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}
