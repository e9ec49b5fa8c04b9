import Foundation
import Testing

/// Each message of the module stands in a golden folder, so that nobody writes one that was never read.
@Suite struct DiagnosticCodeTests {
  /// References to repositories have a table of their own (`GitReferenceTests`).
  static let sources: [(name: String, text: String)] = {
    let folder = CheckFixtures.repository.appending(path: "Sources/DockerfileSyntax")
    let names = FileManager.default.subpaths(atPath: folder.path()) ?? []
    let files = names.filter { $0.hasSuffix(".swift") }.sorted().map { folder.appending(path: $0) }
    return files.filter { !$0.path().contains("/Remotes/") }.map {
      ($0.lastPathComponent, (try? String(contentsOf: $0, encoding: .utf8)) ?? "")
    }
  }()

  /// All that is expected to be said: first lines of messages by their codes.
  static let expectations: [String: Set<Substring>] = {
    let checks = CheckFixtures.names.map { CheckFixtures.root.appending(path: "\($0)/expected.txt") }
    let others = SyntaxFixture.all.flatMap { fixture in
      ["expected.diagnostics", "expected.txt"].map { fixture.folder.appending(path: $0) }
    }
    let texts = (checks + others).compactMap { try? String(contentsOf: $0, encoding: .utf8) }
    return texts.reduce(into: [:]) { lines, text in
      for line in text.split(separator: "\n") {
        guard let (_, code, message) = line.wholeMatch(of: /(?:error|warning)\[(.*?)\]: (.*)/)?.output else { continue }
        lines[String(code), default: []].insert(message)
      }
    }
  }()

  @Test func thereAreSources() {
    #expect(Self.sources.count > 40)
    #expect(Set(Self.sources.flatMap { EmittedMessage.all(in: $0.text).map(\.code) }).count > 45)
    #expect(Self.expectations.count > 60)
  }

  @Test(arguments: sources.filter { !EmittedMessage.all(in: $0.text).isEmpty }.map(\.name))
  func eachMessageIsExpectedSomewhere(_ name: String) throws {
    let source = try #require(Self.sources.first { $0.name == name })
    for message in EmittedMessage.all(in: source.text) {
      #expect(Self.expectations[message.code]?.contains { message.fits($0) } == true, "\(message)")
    }
  }

  // MARK: The search itself

  @Test func findsMessages() {
    let text = #"""
      report("a-code", "one \(name.map { "x" } ?? "y") two", at: range)
      diagnostics.append(
        .error(
          "b-code", "three", at: SourceAnnotation(file, range)))
      throw Failure(code: "c-code", message: text, range: range)
      Failure(code: "d-code", message: isIt ? "four" : "five")
      """#
    let messages = EmittedMessage.all(in: text)
    #expect(messages.map(\.code) == ["a-code", "b-code", "c-code", "d-code"])
    #expect(messages.map(\.parts) == [["one ", " two"], ["three"], [], []])
    #expect(messages[0].fits("one and two"))
    #expect(!messages[0].fits("two one "))
    #expect(!messages[0].fits("one"))
    #expect(messages[2].fits("whatever"))
  }
}

/// A message as a source writes it.
struct EmittedMessage: CustomStringConvertible {
  var code: String
  /// What stands between the values in the message; empty when the message is not written beside the code.
  var parts: [String]

  var description: String { "\(code): \(parts.joined(separator: "…"))" }

  /// Whether a line holds the parts in their order.
  func fits(_ line: Substring) -> Bool {
    var rest = line
    for part in parts {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return true
  }

  static func all(in source: String) -> [EmittedMessage] {
    let opening =
      #/
      (?: \b (?: report | warn ) \( | \. (?: error | warning ) \( | \b Diagnostic \( \s* invalidSeverity, | \b code: )
      \s* "([a-z0-9]+(?:-[a-z0-9]+)*)" (,? \s* (?:message:)? \s*)
      /#
    return source.matches(of: opening).map { match in
      let rest = source[match.range.upperBound...]
      let literal = match.2.hasPrefix(",") && rest.first == "\"" ? parts(ofLiteral: rest.dropFirst()) : []
      return EmittedMessage(code: String(match.1), parts: literal)
    }
  }

  /// The text of a string literal behind its opening quote, cut where values are put in.
  private static func parts(ofLiteral text: Substring) -> [String] {
    var parts = [""]
    var depth = 0
    var isEscaped = false
    for character in text {
      if depth > 0 {
        depth += character == "(" ? 1 : character == ")" ? -1 : 0
      } else if isEscaped {
        isEscaped = false
        if character == "(" {
          depth = 1
          parts.append("")
        } else {
          parts[parts.count - 1].append(character)
        }
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        return parts.filter { !$0.isEmpty }
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    return []
  }
}
