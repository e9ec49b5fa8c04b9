/// A pattern of `${v#p}` and its like: `*` is any text, `?` any character, both within a line; everything else,
/// brackets included, is itself.
struct ShellPattern {
  private enum Element {
    case any
    case anyText
    case scalar(Unicode.Scalar)

    func matches(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .any, .anyText: scalar != "\n"
      case .scalar(let own): own == scalar
      }
    }

    var isText: Bool { if case .anyText = self { true } else { false } }
  }

  private let elements: [Element]

  /// Nil when a backslash stands before something that it cannot escape.
  init?(_ text: String) {
    var elements: [Element] = []
    var scalars = text.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      switch scalar {
      case "*": elements.append(.anyText)
      case "?": elements.append(.any)
      case "\\":
        guard let next = scalars.popFirst(), ["}", "/", "*", "?", "\\"].contains(next) else { return nil }
        elements.append(.scalar(next))
      default: elements.append(.scalar(scalar))
      }
    }
    self.elements = elements
  }

  func trimmingPrefix(of value: String, longest: Bool) -> String {
    let scalars = Array(value.unicodeScalars)
    guard let end = matchEnd(in: scalars[...], longest: longest) else { return value }
    return Self.string(scalars[end...])
  }

  func trimmingSuffix(of value: String, longest: Bool) -> String {
    let scalars = Array(value.unicodeScalars)
    let starts = starts(in: scalars, toEnd: true)
    guard let start = longest ? starts.firstIndex(of: true) : starts.lastIndex(of: true) else { return value }
    return Self.string(scalars[..<start])
  }

  /// Replaces the leftmost longest match, or all that do not overlap.
  func replacing(in value: String, with replacement: String, all: Bool) -> String {
    let scalars = Array(value.unicodeScalars)
    let starts = starts(in: scalars, toEnd: false)
    var result = ""
    var copied = 0
    var position = 0
    var lastEnd: Int?
    while position <= scalars.count, let start = starts[position...].firstIndex(of: true),
      let end = matchEnd(in: scalars[start...], longest: true)
    {
      // An empty match that touches the one before it does not count.
      if end > start || lastEnd != end {
        result += Self.string(scalars[copied..<start]) + replacement
        copied = end
      }
      lastEnd = end
      if !all { break }
      position = max(end, start + (end == start ? 1 : 0))
    }
    return result + Self.string(scalars[min(copied, scalars.count)...])
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var string = String.UnicodeScalarView()
    string.append(contentsOf: scalars)
    return String(string)
  }

  /// Where the shortest or longest match at the beginning ends.
  private func matchEnd(in scalars: ArraySlice<Unicode.Scalar>, longest: Bool) -> Int? {
    var active = [Bool](repeating: false, count: elements.count + 1)
    active[0] = true
    skipTexts(&active)
    var end: Int?
    var position = scalars.startIndex
    while true {
      if active[elements.count] {
        end = position
        if !longest { return end }
      }
      guard position < scalars.endIndex, active.contains(true) else { return end }
      var next = [Bool](repeating: false, count: elements.count + 1)
      for (index, element) in elements.enumerated() where active[index] && element.matches(scalars[position]) {
        next[element.isText ? index : index + 1] = true
      }
      skipTexts(&next)
      active = next
      position += 1
    }
  }

  /// A `*` may match nothing.
  private func skipTexts(_ active: inout [Bool]) {
    for (index, element) in elements.enumerated() where active[index] && element.isText { active[index + 1] = true }
  }

  /// For each position, whether a match begins there: one that ends anywhere, or at the end of the text.
  private func starts(in scalars: [Unicode.Scalar], toEnd: Bool) -> [Bool] {
    var starts = [Bool](repeating: false, count: scalars.count + 1)
    /// Whether the elements from the index on match from the position behind.
    var behind = [Bool](repeating: false, count: elements.count + 1)
    for position in stride(from: scalars.count, through: 0, by: -1) {
      var here = [Bool](repeating: false, count: elements.count + 1)
      here[elements.count] = !toEnd || position == scalars.count
      for (index, element) in elements.enumerated().reversed() {
        if element.isText, here[index + 1] { here[index] = true }
        guard position < scalars.count, element.matches(scalars[position]) else { continue }
        if behind[element.isText ? index : index + 1] { here[index] = true }
      }
      starts[position] = here[0]
      behind = here
    }
    return starts
  }
}
