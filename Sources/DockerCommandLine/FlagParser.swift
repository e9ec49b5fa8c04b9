/// Takes flags off a command line by the rules of Go's pflag, which docker uses.
struct FlagParser {
  /// A flag that is not usable, in pflag's words.
  struct Failure: Error {
    var words: String
    /// Known, and refused for a reason of ours.
    var isRefusal = false
  }

  private let flags: [String: DockerFlag]
  private let shorts: [Character: DockerFlag]
  private let takesFlagsAnywhere: Bool

  private(set) var values: [String: [String]] = [:]
  private(set) var arguments: [String] = []
  private(set) var warnings: [String] = []
  /// `-h` or `--help` was given.
  private(set) var asksForHelp = false

  init(_ flags: [DockerFlag], takesFlagsAnywhere: Bool) {
    self.flags = Dictionary(flags.map { ($0.name, $0) }) { first, _ in first }
    shorts = Dictionary(flags.compactMap { flag in flag.short.map { ($0, flag) } }) { first, _ in first }
    self.takesFlagsAnywhere = takesFlagsAnywhere
  }

  mutating func parse(_ words: some Collection<String>) throws(Failure) {
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      if word == "--" {
        arguments += rest
        return
      }
      if word.hasPrefix("--") {
        try long(word, &rest)
      } else if word.hasPrefix("-"), word != "-" {
        try short(word, &rest)
      } else if takesFlagsAnywhere {
        arguments.append(word)
      } else {
        arguments += [word] + rest
        return
      }
      if asksForHelp { return }
    }
  }

  // MARK: Forms

  private mutating func long(_ word: String, _ rest: inout ArraySlice<String>) throws(Failure) {
    let body = word.dropFirst(2)
    let name = String(body.prefix { $0 != "=" })
    let value = body.count > name.count ? String(body.dropFirst(name.count + 1)) : nil
    guard !name.isEmpty, !name.hasPrefix("-") else { throw Failure(words: "bad flag syntax: \(word)") }
    guard let flag = flags[name] else {
      if name == "help" {
        asksForHelp = true
        return
      }
      throw Failure(words: "unknown flag: --\(name)")
    }
    if let value { return try set(flag, value) }
    if let implied = flag.impliedValue { return try set(flag, implied) }
    guard let next = rest.popFirst() else { throw Failure(words: "flag needs an argument: --\(name)") }
    try set(flag, next)
  }

  private mutating func short(_ word: String, _ rest: inout ArraySlice<String>) throws(Failure) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let flag = shorts[letter] else {
        if letter == "h" {
          asksForHelp = true
          return
        }
        throw Failure(words: "unknown shorthand flag: '\(letter)' in \(word)")
      }
      if letters.first == "=", letters.count > 1 { return try set(flag, String(letters.dropFirst())) }
      if let implied = flag.impliedValue {
        try set(flag, implied)
      } else if !letters.isEmpty {
        return try set(flag, String(letters))
      } else if let next = rest.popFirst() {
        return try set(flag, next)
      } else {
        throw Failure(words: "flag needs an argument: '\(letter)' in \(word)")
      }
    }
  }

  // MARK: Values

  private mutating func set(_ flag: DockerFlag, _ text: String) throws(Failure) {
    var value = text
    if flag.kind == .boolean {
      guard let truth = Self.booleans[text] else {
        throw Failure(
          words: """
            invalid argument "\(text)" for "\(flag.words)" flag: strconv.ParseBool: parsing "\(text)": invalid syntax
            """)
      }
      value = truth ? "true" : "false"
    }
    // What is switched off asks for nothing.
    if flag.kind != .boolean || value == "true" {
      switch flag.treatment {
      case .honoured, .withoutEffect: break
      case .warned(let warning): warnings.append(warning)
      case .only(let values, let reason):
        guard values.contains(value) else {
          throw Failure(words: "--\(flag.name)=\(value) is not available: \(reason)", isRefusal: true)
        }
      case .refused(let reason): throw Failure(words: "--\(flag.name) is not available: \(reason)", isRefusal: true)
      }
    }
    if flag.kind == .list { values[flag.name, default: []].append(value) } else { values[flag.name] = [value] }
  }

  /// strconv.ParseBool.
  private static let booleans: [String: Bool] = [
    "1": true, "t": true, "T": true, "TRUE": true, "true": true, "True": true,
    "0": false, "f": false, "F": false, "FALSE": false, "false": false, "False": false,
  ]
}

extension DockerFlag {
  /// What a flag means that stands alone; nil when it takes the next word.
  fileprivate var impliedValue: String? {
    switch kind {
    case .boolean: "true"
    case .optional(let value): value
    case .value, .list: nil
    }
  }
}
