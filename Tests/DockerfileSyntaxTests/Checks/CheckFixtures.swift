import Diagnostics
import DockerfileSyntax
import Foundation

/// Folders in `fixtures/checks`, named after the rule that they are about: a `Dockerfile`, what is said of it
/// (`expected.txt`), and perhaps a `dockerignore` and a `context` with a line for each thing that is known besides.
enum CheckFixtures {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let root = repository.appending(path: "fixtures/checks")

  static let names: [String] = entries(of: root)

  static func entries(of url: URL) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: url.path())
    return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  /// The report on the Dockerfile of a folder.
  static func report(on folder: URL) throws -> (report: CheckReport, file: SourceFile) {
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "Dockerfile")))
    let file = SourceFile(name: "Dockerfile", bytes: bytes)
    return (Dockerfile.parse(file).check(try context(of: folder)), file)
  }

  static func report(on name: String) throws -> (report: CheckReport, file: SourceFile) {
    try report(on: root.appending(path: name))
  }

  /// What is printed of a report.
  static func text(of report: CheckReport) -> String {
    DiagnosticRenderer().render(report.diagnostics + [report.violation].compactMap { $0 })
  }

  // MARK: Contexts

  struct InvalidContext: Error, CustomStringConvertible {
    var description: String
  }

  private static func context(of folder: URL) throws -> CheckContext {
    var context = CheckContext()
    if let text = try? String(contentsOf: folder.appending(path: "dockerignore"), encoding: .utf8) {
      let file = SourceFile(name: ".dockerignore", text: text)
      context.ignore = try DockerIgnore.parse(file).get()
      context.ignoreFile = file
    }
    let lines = try? String(contentsOf: folder.appending(path: "context"), encoding: .utf8)
    for line in (lines ?? "").split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      try apply(words[0], Array(words.dropFirst()), to: &context)
    }
    return context
  }

  private static func apply(_ key: String, _ words: [String], to context: inout CheckContext) throws {
    guard let first = words.first else { throw InvalidContext(description: "\(key) needs a value") }
    switch key {
    case "trigger":
      let text = words.dropFirst().joined(separator: " ").split(separator: "\\n").joined(separator: "\n")
      context.bases[try number(first), default: CheckContext.BaseImage()].triggers.append(text)
    case "base": context.bases[try number(first)] = try base(Array(words.dropFirst()))
    case "build-arg":
      guard let pair = pair(first) else { throw InvalidContext(description: "\(first) is no pair") }
      context.buildArguments[pair.name] = pair.value
    case "build-platform": context.buildPlatform = try platform(first)
    case "target-platform": context.targetPlatform = try platform(first)
    case "stages": context.builtStages = Set(try words.map(number))
    case "options": context.options = try CheckOptions.parse(first, from: "--check-options").get()
    default: throw InvalidContext(description: "there is no context line \(key)")
    }
  }

  private static func base(_ words: [String]) throws -> CheckContext.BaseImage {
    var image = CheckContext.BaseImage()
    for word in words {
      if let pair = pair(word) {
        image.environment[pair.name] = pair.value
      } else if word == "shell" {
        image.hasShell = true
      } else {
        image.platform = try platform(word)
      }
    }
    return image
  }

  private static func pair(_ text: String) -> (name: String, value: String)? {
    guard let equals = text.firstIndex(of: "=") else { return nil }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  private static func number(_ text: String) throws -> Int {
    guard let number = Int(text) else { throw InvalidContext(description: "\(text) is no number") }
    return number
  }

  private static func platform(_ text: String) throws -> CheckPlatform {
    guard let platform = CheckPlatform(text, defaults: CheckContext().targetPlatform) else {
      throw InvalidContext(description: "\(text) is no platform")
    }
    return platform
  }
}
