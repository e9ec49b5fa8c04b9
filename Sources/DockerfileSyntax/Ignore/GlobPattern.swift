import Diagnostics

/// A wildcard pattern as Go's `filepath.Match` reads it: `*`, `?`, `[a-z]`, `[^a-z]` and `\`, none of which but a set
/// matches a `/`. COPY and ADD find their sources with it.
public struct GlobPattern: Sendable, Hashable {
  /// The pattern as written.
  public let text: String
  private let pattern: PathPattern

  /// - Throws: `DockerfileSyntaxError` without a place when the pattern is not well-formed.
  public init(_ text: String) throws(DockerfileSyntaxError) {
    var reader = PathPatternReader(text, hasDoubleStars: false)
    do {
      self.pattern = try reader.read()
    } catch {
      throw DockerfileSyntaxError(
        .error("bad-pattern", "'\(text)' is no pattern: \(error.reason)", help: [error.help]))
    }
    self.text = text
  }

  /// Whether a whole path matches.
  public func matches(_ path: String) -> Bool {
    pattern.matches(PathCharacter.characters(of: path))
  }

  /// Whether a whole path, as the file system has it, matches.
  public func matches(_ path: some Collection<UInt8>) -> Bool {
    pattern.matches(PathCharacter.characters(of: ArraySlice(path)))
  }

  /// Whether something inside of a folder (the root is the empty text) may match, so that it is worth looking into.
  public func mayMatch(below folder: String) -> Bool {
    pattern.mayMatch(beginningWith: PathCharacter.characters(of: folder.isEmpty ? "" : folder + "/"))
  }

  /// Whether a text holds an unescaped wildcard.
  public static func hasWildcards(_ text: String) -> Bool {
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
      switch byte {
      case ASCII.backslash: _ = bytes.next()
      case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["): return true
      default: break
      }
    }
    return false
  }

  /// A text with the escapes taken off that `filepath.Match` would take off.
  public static func unescaped(_ text: String) -> String {
    var result: [UInt8] = []
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
      result.append(byte == ASCII.backslash ? bytes.next() ?? byte : byte)
    }
    return String(decoding: result, as: UTF8.self)
  }
}
