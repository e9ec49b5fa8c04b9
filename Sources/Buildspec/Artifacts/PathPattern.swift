/// A path with `*` and `?` within a name, and `**` across folders.
struct PathPattern: Sendable {
  let parts: [Substring]

  init(_ text: some StringProtocol) {
    parts = Substring(text).split(separator: "/").filter { $0 != "." }
  }

  /// How many parts at the beginning are plain names.
  var plainCount: Int { parts.prefix { !$0.contains { $0 == "*" || $0 == "?" } }.count }

  func matches(_ names: [Substring]) -> Bool { Self.match(parts[...], names[...]) }

  /// Whether something below a folder may match.
  private static func match(_ parts: ArraySlice<Substring>, _ names: ArraySlice<Substring>) -> Bool {
    // States of a nondeterministic automaton: how many parts are used up.
    var states: Set<Int> = [parts.startIndex]
    func closure(_ states: Set<Int>) -> Set<Int> {
      var all = states
      for var state in states {
        while state < parts.endIndex, parts[state] == "**" {
          state += 1
          all.insert(state)
        }
      }
      return all
    }
    states = closure(states)
    for name in names {
      var next: Set<Int> = []
      for state in states where state < parts.endIndex {
        if parts[state] == "**" { next.insert(state) } else if name.matchesName(parts[state]) { next.insert(state + 1) }
      }
      states = closure(next)
      if states.isEmpty { return false }
    }
    return states.contains(parts.endIndex)
  }
}

extension Substring {
  /// Whether a name is what a pattern with `*` and `?` means.
  func matchesName(_ pattern: Substring) -> Bool {
    let name = Array(unicodeScalars)
    let pattern = Array(pattern.unicodeScalars)
    var (place, at) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while place < name.count {
      if at < pattern.count, pattern[at] == "*" {
        star = (at, place)
        at += 1
      } else if at < pattern.count, pattern[at] == "?" || pattern[at] == name[place] {
        at += 1
        place += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        at = last.pattern + 1
        place = last.name + 1
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == "*" }
  }
}
