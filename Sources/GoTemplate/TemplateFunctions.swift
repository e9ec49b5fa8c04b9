/// Functions of text/template, and those that docker adds.
enum TemplateFunctions {
  /// Why a call failed.
  struct Failure: Error {
    var words: String
    /// The number of arguments is wrong.
    var isCount = false

    func words(calling name: String) -> String { isCount ? words : "error calling \(name): \(words)" }
  }

  private typealias Body = @Sendable ([TemplateValue]) throws(Failure) -> TemplateValue

  static let names: Set<String> = Set(table.keys).union(["and", "or"])

  static func call(_ name: String, _ arguments: [TemplateValue]) throws(Failure) -> TemplateValue {
    guard let (range, body) = table[name] else {
      throw Failure(words: "function \"\(name)\" not defined", isCount: true)
    }
    guard range.contains(arguments.count) else {
      let least = range.upperBound == .max ? "at least " : ""
      throw Failure(
        words: "wrong number of args for \(name): want \(least)\(range.lowerBound) got \(arguments.count)",
        isCount: true)
    }
    return try body(arguments)
  }

  private static let table: [String: (ClosedRange<Int>, Body)] = [
    "json": (1...1, { .text($0[0].json) }),
    "lower": (1...1, { arguments throws(Failure) in .text(try text(arguments[0]).lowercased()) }),
    "upper": (1...1, { arguments throws(Failure) in .text(try text(arguments[0]).uppercased()) }),
    "title": (1...1, { arguments throws(Failure) in .text(title(try text(arguments[0]))) }),
    "split": (2...2, { arguments throws(Failure) in try split(arguments) }),
    "join": (2...2, { arguments throws(Failure) in try join(arguments) }),
    "pad": (3...3, { arguments throws(Failure) in try pad(arguments) }),
    "truncate": (2...2, { arguments throws(Failure) in try truncate(arguments) }),
    "print": (0...Int.max, { .text(printed($0)) }),
    "println": (0...Int.max, { .text($0.map(\.description).joined(separator: " ") + "\n") }),
    "printf": (
      1...Int.max,
      { arguments throws(Failure) in .text(TemplateFormat.text(try text(arguments[0]), Array(arguments.dropFirst()))) }
    ),
    "len": (1...1, { arguments throws(Failure) in try length(arguments[0]) }),
    "index": (1...Int.max, { arguments throws(Failure) in try index(arguments) }),
    "slice": (1...3, { arguments throws(Failure) in try slice(arguments) }),
    "not": (1...1, { .bool(!$0[0].isTrue) }),
    "eq": (2...Int.max, { arguments throws(Failure) in .bool(try isEqual(arguments)) }),
    "ne": (2...2, { arguments throws(Failure) in .bool(try !isEqual(arguments)) }),
    "lt": (2...2, { arguments throws(Failure) in .bool(try isLess(arguments[0], arguments[1])) }),
    "le": (2...2, { arguments throws(Failure) in .bool(try !isLess(arguments[1], arguments[0])) }),
    "gt": (2...2, { arguments throws(Failure) in .bool(try isLess(arguments[1], arguments[0])) }),
    "ge": (2...2, { arguments throws(Failure) in .bool(try !isLess(arguments[0], arguments[1])) }),
  ]

  // MARK: Texts

  private static func text(_ value: TemplateValue) throws(Failure) -> String {
    guard case .text(let text) = value else {
      throw Failure(words: "wrong type for value; expected string; got \(value.typeName)")
    }
    return text
  }

  private static func title(_ text: String) -> String {
    var (result, begins) = ("", true)
    for character in text {
      result += begins ? character.uppercased() : String(character)
      begins = !(character.isLetter || character.isNumber || character == "_" || character == "'")
    }
    return result
  }

  private static func split(_ arguments: [TemplateValue]) throws(Failure) -> TemplateValue {
    let (whole, separator) = (try text(arguments[0]), try text(arguments[1]))
    if separator.isEmpty { return .list(whole.map { .text(String($0)) }) }
    return .list(whole.split(separator: separator, omittingEmptySubsequences: false).map { .text(String($0)) })
  }

  private static func join(_ arguments: [TemplateValue]) throws(Failure) -> TemplateValue {
    let separator = try text(arguments[1])
    switch arguments[0] {
    case .list(let values): return .text(values.map(\.description).joined(separator: separator))
    case .null, .empty: return .text("")
    default: throw Failure(words: "wrong type for value; expected []string; got \(arguments[0].typeName)")
    }
  }

  private static func pad(_ arguments: [TemplateValue]) throws(Failure) -> TemplateValue {
    let text = try text(arguments[0])
    guard !text.isEmpty, case .integer(let before) = arguments[1], case .integer(let after) = arguments[2] else {
      return .text(text)
    }
    let blanks = [before, after].map { String(repeating: " ", count: Int(max(0, min($0, 1 << 16)))) }
    return .text(blanks[0] + text + blanks[1])
  }

  private static func truncate(_ arguments: [TemplateValue]) throws(Failure) -> TemplateValue {
    let text = try text(arguments[0])
    guard case .integer(let count) = arguments[1] else {
      throw Failure(words: "wrong type for value; expected int; got \(arguments[1].typeName)")
    }
    return .text(String(text.prefix(Int(max(0, min(count, 1 << 30))))))
  }

  /// A blank stands between two arguments when neither is a text.
  private static func printed(_ values: [TemplateValue]) -> String {
    var result = ""
    for (index, value) in values.enumerated() {
      if index > 0, !value.isText, !values[index - 1].isText { result += " " }
      result += value.description
    }
    return result
  }

  // MARK: Lists and maps

  private static func length(_ value: TemplateValue) throws(Failure) -> TemplateValue {
    switch value {
    case .text(let text): return .integer(Int64(text.utf8.count))
    case .list(let values): return .integer(Int64(values.count))
    case .map(let members): return .integer(Int64(members.count))
    case .record(let members): return .integer(Int64(members.count))
    case .empty: return .integer(0)
    case .null: throw Failure(words: "len of nil pointer")
    default: throw Failure(words: "len of type \(value.typeName)")
    }
  }

  private static func index(_ arguments: [TemplateValue]) throws(Failure) -> TemplateValue {
    var value = arguments[0]
    for key in arguments.dropFirst() {
      switch (value, key) {
      case (.list(let values), .integer(let index)):
        guard index >= 0, index <= values.count else { throw Failure(words: "index out of range: \(index)") }
        guard index < values.count else { throw Failure(words: "reflect: slice index out of range") }
        value = values[Int(index)]
      // What a map of texts does not have is the empty text.
      case (.map(let members), .text(let name)): value = members[name] ?? .text("")
      case (.record, .text(let name)): value = value[name] ?? .null
      case (.empty("map[]"), .text): value = .text("")
      case (.empty, .integer): throw Failure(words: "reflect: slice index out of range")
      case (.null, _): throw Failure(words: "index of untyped nil")
      case (.list, _): throw Failure(words: "cannot index slice/array with type \(key.typeName)")
      case (.map, _), (.record, _): throw Failure(words: "value has type \(key.typeName); should be string")
      default: throw Failure(words: "can't index item of type \(value.typeName)")
      }
    }
    return value
  }

  private static func slice(_ arguments: [TemplateValue]) throws(Failure) -> TemplateValue {
    var bounds: [Int] = []
    for argument in arguments.dropFirst() {
      guard case .integer(let bound) = argument else {
        throw Failure(words: "cannot index slice/array with type \(argument.typeName)")
      }
      bounds.append(Int(clamping: bound))
    }
    func range(_ count: Int) throws(Failure) -> Range<Int> {
      let (low, high) = (bounds.first ?? 0, bounds.count > 1 ? bounds[1] : count)
      for bound in [low, high] where bound < 0 || bound > count { throw Failure(words: "index out of range: \(bound)") }
      guard low <= high else { throw Failure(words: "invalid slice index: \(low) > \(high)") }
      return low..<high
    }
    switch arguments[0] {
    case .text(let text):
      let bytes = Array(text.utf8)
      return .text(String(decoding: bytes[try range(bytes.count)], as: UTF8.self))
    case .list(let values): return .list(Array(values[try range(values.count)]))
    default: throw Failure(words: "can't slice item of type \(arguments[0].typeName)")
    }
  }

  // MARK: Comparisons

  private static func isEqual(_ arguments: [TemplateValue]) throws(Failure) -> Bool {
    for other in arguments.dropFirst() where try isEqual(arguments[0], other) { return true }
    return false
  }

  private static func isEqual(_ left: TemplateValue, _ right: TemplateValue) throws(Failure) -> Bool {
    switch (left, right) {
    case (.text, .text), (.integer, .integer), (.bool, .bool), (.number, .number), (.null, .null): return left == right
    case (.null, _), (_, .null): return false
    case (.list, _), (.record, _), (.map, _), (.empty, _):
      throw Failure(words: "non-comparable type \(left): \(left.typeName)")
    default: throw Failure(words: "incompatible types for comparison")
    }
  }

  private static func isLess(_ left: TemplateValue, _ right: TemplateValue) throws(Failure) -> Bool {
    switch (left, right) {
    case (.text(let left), .text(let right)): return left < right
    case (.integer(let left), .integer(let right)): return left < right
    case (.number(let left), .number(let right)): return left < right
    case (.bool, _), (.list, _), (.record, _), (.map, _), (.null, _), (.empty, _):
      throw Failure(words: "invalid type for comparison")
    default: throw Failure(words: "incompatible types for comparison")
    }
  }
}

extension TemplateValue {
  fileprivate var isText: Bool {
    if case .text = self { true } else { false }
  }
}
