public import DeployPlugins
import JSON

/// A plan for people: what is changed, with lines that go in red and lines that come in green.
public struct PlanText: Sendable {
  public var usesColor: Bool
  /// Lines around those that change.
  private static let context = 3
  /// Texts of more lines are shown in pieces only.
  private static let longest = 4000

  public init(usesColor: Bool = false) { self.usesColor = usesColor }

  /// Whole lines.
  public func text(_ name: String, _ plan: DeploymentPlan) -> String {
    var out = paint("\(name): \(plan.summary)", "1") + "\n"
    if plan.changes.isEmpty { out += "  nothing to change\n" }
    for change in plan.changes { out += "\n" + text(change) }
    return out
  }

  private func text(_ change: PlannedChange) -> String {
    let (sign, color) = Self.mark(change)
    var out = paint("\(sign) \(change.action) \(change.target)", color) + "\n"
    if let note = change.note {
      for line in note.split(separator: "\n", omittingEmptySubsequences: false) { out += "    \(line)\n" }
    }
    for line in difference(Self.lines(change.before), Self.lines(change.after)) { out += "    \(line)\n" }
    return out
  }

  private static func mark(_ change: PlannedChange) -> (String, String) {
    switch (change.before, change.after) {
    case (nil, .some): ("+", "32")
    case (.some, nil): ("-", "31")
    default: ("~", "33")
    }
  }

  /// Texts as they are, everything else as JSON.
  private static func lines(_ value: JSONValue?) -> [String] {
    guard let value else { return [] }
    let text = value.string ?? value.prettyText
    if text.isEmpty { return [] }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  // MARK: Difference

  private enum Line { case same(String), gone(String), new(String) }

  private func difference(_ before: [String], _ after: [String]) -> [String] {
    let lines = Self.aligned(before, after)
    let changed = lines.indices.filter { if case .same = lines[$0] { false } else { true } }
    guard !changed.isEmpty else { return [] }
    var near: Set<Int> = []
    for index in changed { near.formUnion(max(0, index - Self.context)...min(lines.count - 1, index + Self.context)) }
    var out: [String] = []
    var last = -1
    for index in lines.indices where near.contains(index) {
      if index > last + 1 { out.append(paint("  …", "2")) }
      last = index
      switch lines[index] {
      case .same(let text): out.append("  \(text)")
      case .gone(let text): out.append(paint("- \(text)", "31"))
      case .new(let text): out.append(paint("+ \(text)", "32"))
      }
    }
    if last < lines.count - 1 { out.append(paint("  …", "2")) }
    return out
  }

  private static func aligned(_ before: [String], _ after: [String]) -> [Line] {
    guard before.count <= longest, after.count <= longest else {
      return before.map { .gone($0) } + after.map { .new($0) }
    }
    var gone: Set<Int> = []
    var new: Set<Int> = []
    for change in after.difference(from: before) {
      switch change {
      case .remove(let offset, _, _): gone.insert(offset)
      case .insert(let offset, _, _): new.insert(offset)
      }
    }
    var lines: [Line] = []
    var (i, j) = (0, 0)
    while i < before.count || j < after.count {
      if i < before.count, gone.contains(i) {
        lines.append(.gone(before[i]))
        i += 1
      } else if j < after.count, new.contains(j) {
        lines.append(.new(after[j]))
        j += 1
      } else {
        lines.append(.same(after[j]))
        i += 1
        j += 1
      }
    }
    return lines
  }

  private func paint(_ text: String, _ code: String) -> String {
    usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
