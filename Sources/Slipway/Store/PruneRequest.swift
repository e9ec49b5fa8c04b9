import Builder
import Diagnostics
import DockerfileSyntax

/// What `slipway prune` is asked for, as people write it.
public struct PruneRequest: Sendable {
  /// Whether images that have names go, too.
  public var includesImages = false
  /// `until=24h`, `type=snapshot`, `id=1f3a`. Filters of one name are alternatives.
  public var filters: [String] = []
  /// What may stay, a number of bytes such as `10g`.
  public var keepStorage: String?

  public init() {}
}

extension Prune.Options {
  /// - Throws: `SlipwayError` with the codes `invalid-filter` and `invalid-size`.
  init(_ request: PruneRequest) throws {
    self.init()
    includesImages = request.includesImages
    filter = try PruneFilter(request.filters)
    guard let text = request.keepStorage else { return }
    guard let size = ByteCount(optionText: text), size.rawValue >= 0 else {
      throw SlipwayError(
        "invalid-size", "--keep-storage \(text) is not a size", help: ["write a number of bytes, such as 512m or 10g"])
    }
    keepStorage = size.rawValue
  }
}

extension PruneFilter {
  /// - Throws: `SlipwayError` with the code `invalid-filter`.
  init(_ texts: [String]) throws {
    self.init()
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Self.invalid(text, "write NAME=VALUE, such as until=24h") }
      switch parts[0] {
      case "until":
        guard let age = Self.seconds(parts[1]) else {
          throw Self.invalid(text, "write a time since the last use, such as 90m, 24h or 7d")
        }
        minimumAge = max(minimumAge ?? 0, age)
      case "type": kinds.insert(try Self.kind(parts[1], text))
      case "id": ids.append(parts[1])
      default: throw Self.invalid(text, Self.suggestion(for: parts[0], in: ["until", "type", "id"], called: "filters"))
      }
    }
  }

  /// The names that docker has for some of them.
  private static let synonyms: [String: StoreItem.Kind] = [
    "exec.cachemount": .cacheMount, "regular": .record, "source.git.checkout": .remote, "source.local": .context,
  ]

  private static func kind(_ name: String, _ text: String) throws -> StoreItem.Kind {
    if let kind = StoreItem.Kind(rawValue: name) ?? synonyms[name] { return kind }
    throw invalid(text, suggestion(for: name, in: StoreItem.Kind.allCases.map(\.rawValue), called: "types"))
  }

  private static func suggestion(for name: String, in names: [String], called what: String) -> String {
    Suggestion.nearest(to: name, in: names).map { "did you mean \($0)?" }
      ?? "the \(what) are \(names.joined(separator: ", "))"
  }

  private static func invalid(_ text: String, _ help: String) -> SlipwayError {
    SlipwayError("invalid-filter", "--filter \(text) is not usable", help: [help])
  }

  private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]

  /// `1h30m`, as Go writes durations, with days and weeks.
  private static func seconds(_ text: String) -> Int64? {
    var (total, rest): (Int64, Substring) = (0, text[...])
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      guard let number = Int64(digits), let unit = rest.popFirst().flatMap({ units[$0] }) else { return nil }
      let (product, overflows) = number.multipliedReportingOverflow(by: unit)
      let (sum, overflowsToo) = total.addingReportingOverflow(product)
      if overflows || overflowsToo { return nil }
      total = sum
    }
    return total
  }
}
