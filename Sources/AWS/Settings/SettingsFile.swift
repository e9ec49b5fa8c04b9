import Diagnostics
import HostOS
import SystemPackage

/// A file of sections with settings, as `~/.aws/config` and `~/.aws/credentials` are (AWS SDKs and Tools Reference
/// Guide, "Shared config and credentials files").
struct SettingsFile: Sendable, Hashable {
  /// The settings of one section.
  struct Section: Sendable, Hashable {
    /// By names in lower case.
    var values: [String: String] = [:]
    /// Settings with settings of their own, indented below them.
    var nested: [String: [String: String]] = [:]
  }

  /// By what stands between the brackets, with one blank between words and without quotation marks.
  var sections: [String: Section] = [:]

  init() {}

  /// No sections for a file that is not there.
  /// - Throws: `AWSError` with the code `aws-settings`.
  init(reading path: FilePath) throws {
    let bytes: [UInt8]
    do { bytes = try Files.read(path, limit: 4 << 20) } catch let error as HostError {
      if error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
        self.init()
        return
      }
      throw AWSError(
        .awsSettings, "cannot read \(path)", notes: [error.errno.description.lowercased()],
        help: ["check the owner and the mode of \(path)"], exitCode: .usage)
    }
    try self.init(String(decoding: bytes, as: UTF8.self), called: path.string)
  }

  /// - Throws: `AWSError` with the code `aws-settings`.
  init(_ text: String, called name: String) throws {
    var section: String?
    var parent: String?
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      guard let first = line.first(where: { !Self.isBlank($0) }), first != "#", first != ";" else { continue }
      let isIndented = line.first.map(Self.isBlank) ?? false
      if first == "[", !isIndented {
        let header = try Self.header(line).orThrow(Self.mistake(name, index, "the section has no end"))
        section = header
        parent = nil
        if sections[header] == nil { sections[header] = Section() }
        continue
      }
      guard let section else { throw Self.mistake(name, index, "it stands before the first section") }
      if isIndented, let parent {
        if let (key, value) = Self.setting(line) { sections[section]?.nested[parent, default: [:]][key] = value }
        continue
      }
      let (key, value) = try Self.setting(line).orThrow(Self.mistake(name, index, "it is not NAME = VALUE"))
      sections[section]?.values[key] = value
      parent = value.isEmpty ? key : nil
    }
  }

  private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

  private static func header(_ line: Substring) -> String? {
    guard let end = line.lastIndex(of: "]") else { return nil }
    let words = line[line.index(after: line.startIndex)..<end].split(whereSeparator: isBlank)
    return words.joined(separator: " ").filter { $0 != "\"" && $0 != "'" }
  }

  private static func setting(_ line: Substring) -> (key: String, value: String)? {
    guard let equals = line.firstIndex(of: "=") else { return nil }
    let key = trimmed(line[..<equals]).lowercased()
    let value = trimmed(line[line.index(after: equals)...])
    // A command may well have such characters in its arguments.
    return key.isEmpty ? nil : (key, String(key == "credential_process" ? value : withoutComment(value)))
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop(while: isBlank)
    return start.lastIndex { !isBlank($0) }.map { start[...$0] } ?? ""
  }

  /// A comment behind a value begins with a blank.
  private static func withoutComment(_ value: Substring) -> Substring {
    for mark in [" #", " ;", "\t#", "\t;"] {
      if let range = value.firstRange(of: mark) { return trimmed(value[..<range.lowerBound]) }
    }
    return value
  }

  private static func mistake(_ name: String, _ index: Int, _ reason: String) -> AWSError {
    AWSError(
      .awsSettings, "line \(index + 1) of \(name) cannot be understood: \(reason)",
      help: ["correct it; the file has sections [NAME] with lines NAME = VALUE"], exitCode: .usage)
  }
}

extension Optional {
  fileprivate func orThrow(_ error: @autoclosure () -> AWSError) throws -> Wrapped {
    guard let self else { throw error() }
    return self
  }
}
