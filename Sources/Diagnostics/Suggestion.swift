/// "Did you mean": the candidate nearest to what was written.
public enum Suggestion {
  /// Longer words are no slips of the hand.
  private static let longest = 64

  /// The candidate with the fewest single-character edits (insert, delete, replace, swap of neighbours) from
  /// `word`, compared without case; nil when even that one is too far to be a slip of the hand: more than one edit
  /// and more than a third of the longer word, or nothing in common.
  public static func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
    // A scalar has four bytes at most.
    guard !word.isEmpty, word.utf8.count <= 4 * longest else { return nil }
    let target = letters(of: word)
    guard target.count <= longest else { return nil }
    var best: (candidate: String, distance: Int)?
    for candidate in candidates where candidate.utf8.count <= 8 * longest {
      let other = letters(of: candidate)
      let length = max(target.count, other.count)
      // A worse one than the best is of no use, nor is one that has nothing in common.
      let limit = min(max(1, length / 3), length - 1, (best?.distance ?? .max) - 1)
      guard abs(other.count - target.count) <= limit, let distance = editDistance(target, other, limit: limit)
      else { continue }
      best = (candidate, distance)
      if distance == 0 { break }
    }
    return best?.candidate
  }

  /// The scalars in lower case.
  private static func letters(of word: String) -> [UInt32] {
    if word.utf8.allSatisfy({ $0 < 0x80 }) {
      return word.utf8.map { UInt32($0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0) }
    }
    return word.lowercased().unicodeScalars.map(\.value)
  }

  /// Optimal string alignment distance; nil when it is above the limit.
  static func editDistance(_ left: [UInt32], _ right: [UInt32], limit: Int = .max) -> Int? {
    var beforePrevious = [Int](repeating: 0, count: right.count + 1)
    var previous = Array(0...right.count)
    var current = beforePrevious
    var previousLeast = 0
    for i in left.indices {
      current[0] = i + 1
      var least = i + 1
      for j in right.indices {
        var distance = previous[j] + (left[i] == right[j] ? 0 : 1)
        distance = min(distance, previous[j + 1] + 1, current[j] + 1)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          distance = min(distance, beforePrevious[j - 1] + 1)
        }
        current[j + 1] = distance
        least = min(least, distance)
      }
      // Rows grow from one to the next, or from one to the next but one.
      if least > limit, previousLeast > limit { return nil }
      previousLeast = least
      swap(&beforePrevious, &previous)
      swap(&previous, &current)
    }
    return previous[right.count] <= limit ? previous[right.count] : nil
  }
}
