import CYAML
import Diagnostics

/// Where the characters that libyaml counts are among the bytes of a text.
struct TextPositions {
  /// The offset of each character; nil where every character is a byte.
  private let offsets: [Int]?
  private let start: Int
  private let end: Int

  init(_ bytes: [UInt8]) {
    // The reader takes the byte order mark off and does not count it.
    start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    end = bytes.count
    if bytes.allSatisfy({ $0 < 0x80 }) {
      offsets = nil
    } else {
      offsets = bytes.indices.dropFirst(start).filter { bytes[$0] & 0xC0 != 0x80 }
    }
  }

  func offset(of mark: yaml_mark_t) -> Int {
    guard let offsets else { return min(Int(mark.index), end) }
    return mark.index < offsets.count ? offsets[Int(mark.index)] : end
  }

  func range(of event: yaml_event_t) -> SourceRange {
    SourceRange(offset(of: event.start_mark), offset(of: event.end_mark))
  }
}
