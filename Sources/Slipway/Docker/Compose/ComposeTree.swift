import Diagnostics
import GoTemplate
import SourceYAML

/// Compose files as one tree: variables put in, files merged in their order (compose-spec, "Merge").
enum ComposeTree {
  /// - Throws: `ComposeError` at the text whose variables cannot be put in.
  static func read(_ document: YAMLDocument, _ variables: ComposeVariables) throws -> TemplateValue {
    try value(of: document.root, document.file, variables)
  }

  private static func value(
    of node: YAMLNode, _ file: SourceFile, _ variables: ComposeVariables
  ) throws -> TemplateValue {
    switch node.content {
    case .sequence(let nodes): return .list(try nodes.map { try value(of: $0, file, variables) })
    case .mapping(let mapping):
      return .record(try mapping.entries.map { .init($0.key, try value(of: $0.value, file, variables)) })
    case .scalar(let scalar):
      if node.isNull { return .null }
      let text: String
      do { text = try variables.expand(scalar.text) } catch {
        throw ComposeError(error.message, at: node, in: file, help: ["set the variable, or write it into .env"])
      }
      return scalar.style == .plain ? plain(text) : .text(text)
    }
  }

  /// What a plain scalar means beside a text.
  private static func plain(_ text: String) -> TemplateValue {
    switch text {
    case "true", "True", "TRUE": .bool(true)
    case "false", "False", "FALSE": .bool(false)
    case _ where text.count < 16 && text.first != "0": Int64(text).map { .integer($0) } ?? .text(text)
    case "0": .integer(0)
    default: .text(text)
    }
  }

  // MARK: Merge

  /// Keys whose lists and maps are the same thing, `A=1` and `A: 1`.
  private static let pairs: Set = [
    "environment", "labels", "args", "annotations", "extra_hosts", "additional_contexts",
  ]
  /// Keys that the later file decides alone.
  private static let replaced: Set = ["command", "entrypoint", "test"]

  /// - Parameter key: of both values.
  static func merge(_ old: TemplateValue, _ new: TemplateValue, key: String = "") -> TemplateValue {
    if replaced.contains(key) { return new }
    if pairs.contains(key) { return merge(members(of: old), members(of: new)) }
    // `build: .` means `build: {context: .}`.
    if key == "build" { return merge(longBuild(old), longBuild(new)) }
    switch (old, new) {
    case (.record, .record): return merge(members(of: old), members(of: new))
    case (.list(let old), .list(let new)): return .list(old + new.filter { !old.contains($0) })
    case (_, .null): return old
    default: return new
    }
  }

  private static func merge(_ old: [TemplateValue.Member], _ new: [TemplateValue.Member]) -> TemplateValue {
    var members = old
    for member in new {
      if let index = members.firstIndex(where: { $0.name == member.name }) {
        members[index].value = merge(members[index].value, member.value, key: member.name)
      } else {
        members.append(member)
      }
    }
    return .record(members)
  }

  static func longBuild(_ value: TemplateValue) -> TemplateValue {
    if case .text = value { return .record([.init("context", value)]) }
    return value
  }

  /// Of a mapping, or of a list of `NAME=value`.
  static func members(of value: TemplateValue?) -> [TemplateValue.Member] {
    switch value {
    case .record(let members)?: return members
    case .list(let values)?:
      return values.map { value in
        let text = value.description
        guard let equals = text.firstIndex(of: "=") ?? text.firstIndex(of: ":") else { return .init(text, .null) }
        return .init(String(text[..<equals]), .text(String(text[text.index(after: equals)...])))
      }
    default: return []
    }
  }
}
