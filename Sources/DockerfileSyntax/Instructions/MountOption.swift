import Diagnostics

/// A mount option that means something else than text; its value may hold variables.
public struct MountOption<Value: MountOptionValue>: Sendable, Hashable {
  /// The value as written. An option without a value, such as `ro`, has the text `true`.
  public var word: Word
  /// The option's name as written.
  public var name: Word
  /// Whether the name says the contrary of what the property says, as `rw` does.
  var isInverted: Bool

  public init(word: Word, name: Word) {
    self.init(word: word, name: name, isInverted: false)
  }

  init(word: Word, name: Word, isInverted: Bool) {
    self.word = word
    self.name = name
    self.isInverted = isInverted
  }

  func invalidValue(_ text: String, in file: SourceFile) -> Diagnostic {
    let shown = text == word.text ? "'\(text)'" : "'\(text)' (from '\(word.text)')"
    let suggestion = Suggestion.nearest(to: text, in: Value.optionCandidates).map { "did you mean '\($0)'?" }
    return .error(
      "invalid-mount-value", "\(shown) is no value for the mount option '\(name.text)'",
      at: SourceAnnotation(file, word.range),
      help: [suggestion ?? "'\(name.text)' takes \(Value.optionDescription)"])
  }
}

/// What a typed mount option holds.
public protocol MountOptionValue: Sendable, Hashable {
  /// The value that an expanded text stands for.
  init?(optionText: String)
  /// What may be written, as the end of a sentence.
  static var optionDescription: String { get }
  /// Words that may be written.
  static var optionCandidates: [String] { get }
  /// The contrary, where there is one.
  var inverted: Self { get }
}

extension MountOptionValue {
  public static var optionCandidates: [String] { [] }
  public var inverted: Self { self }
}

/// How builds that run at the same time share a cache mount.
public enum CacheSharing: String, Sendable, Hashable, CaseIterable {
  /// All at once.
  case shared
  /// Each gets its own.
  case `private`
  /// One after the other.
  case locked
}

/// Permission bits of a file.
public struct FileMode: RawRepresentable, Sendable, Hashable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A number of bytes, written like `64m`.
public struct ByteCount: RawRepresentable, Sendable, Hashable {
  public var rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
}

extension Bool: MountOptionValue {
  /// As Go's `strconv.ParseBool`.
  public init?(optionText: String) {
    switch optionText {
    case "1", "t", "T", "true", "TRUE", "True": self = true
    case "0", "f", "F", "false", "FALSE", "False": self = false
    default: return nil
    }
  }

  public static var optionDescription: String { "true or false" }
  public static var optionCandidates: [String] { ["true", "false"] }
  public var inverted: Bool { !self }
}

extension CacheSharing: MountOptionValue {
  public init?(optionText: String) { self.init(rawValue: optionText.lowercased()) }
  public static var optionDescription: String { "shared, private or locked" }
  public static var optionCandidates: [String] { allCases.map(\.rawValue) }
}

extension UInt32: MountOptionValue {
  public init?(optionText: String) {
    guard !optionText.isEmpty, optionText.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    self.init(optionText, radix: 10)
  }

  public static var optionDescription: String { "a number from 0 to 4294967295" }
}

extension FileMode: MountOptionValue {
  public init?(optionText: String) {
    guard !optionText.isEmpty, optionText.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
      let value = UInt32(optionText, radix: 8)
    else { return nil }
    self.init(rawValue: value)
  }

  public static var optionDescription: String { "an octal number such as 0400" }
}

extension Expansion {
  /// The value of a mount option.
  ///
  /// - Throws: `DockerfileSyntaxError` when the expansion fails, or when the expanded text is no such value.
  public func value<Value>(
    of option: MountOption<Value>, in environment: some VariableEnvironment
  ) throws(DockerfileSyntaxError) -> Value {
    let text = try expand(option.word, in: environment).text
    guard let value = Value(optionText: text) else { throw DockerfileSyntaxError(option.invalidValue(text, in: file)) }
    return option.isInverted ? value.inverted : value
  }
}
