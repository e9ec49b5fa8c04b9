import CYAML
import Diagnostics

/// libyaml's parser over the bytes of a file: the only place that has its pointers.
final class EventReader {
  /// What the composer wants to know of an event.
  struct Event {
    enum Kind {
      case streamEnd, documentStart, documentEnd, sequenceEnd, mappingEnd, other
      case alias(String)
      case scalar(YAMLScalar)
      case sequenceStart, mappingStart
    }

    var kind: Kind
    var range: SourceRange
    var anchor: String?
    var tag: String?
  }

  private let file: SourceFile
  private let positions: TextPositions
  /// libyaml keeps the address of what it reads, so it has memory of its own.
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let parser: UnsafeMutablePointer<yaml_parser_t>

  init(_ file: SourceFile) {
    self.file = file
    positions = TextPositions(file.bytes)
    input = .allocate(capacity: max(1, file.bytes.count))
    _ = input.initialize(from: file.bytes)
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    yaml_parser_initialize(parser)
    yaml_parser_set_input_string(parser, input.baseAddress, file.bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  func next() throws(YAMLError) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
    defer { yaml_event_delete(&event) }
    var result = Event(kind: .other, range: positions.range(of: event))
    switch event.type {
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT: result.kind = .streamEnd
    case YAML_DOCUMENT_START_EVENT: result.kind = .documentStart
    case YAML_DOCUMENT_END_EVENT: result.kind = .documentEnd
    case YAML_SEQUENCE_END_EVENT: result.kind = .sequenceEnd
    case YAML_MAPPING_END_EVENT: result.kind = .mappingEnd
    case YAML_ALIAS_EVENT: result.kind = .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      result.kind = .scalar(scalar(event))
      result.anchor = text(event.data.scalar.anchor)
      result.tag = text(event.data.scalar.tag)
    case YAML_SEQUENCE_START_EVENT:
      result.kind = .sequenceStart
      result.anchor = text(event.data.sequence_start.anchor)
      result.tag = text(event.data.sequence_start.tag)
    case YAML_MAPPING_START_EVENT:
      result.kind = .mappingStart
      result.anchor = text(event.data.mapping_start.anchor)
      result.tag = text(event.data.mapping_start.tag)
    default: break
    }
    return result
  }

  private func scalar(_ event: yaml_event_t) -> YAMLScalar {
    let bytes = UnsafeBufferPointer(start: event.data.scalar.value, count: event.data.scalar.length)
    let style: YAMLScalar.Style =
      switch event.data.scalar.style {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
      case YAML_LITERAL_SCALAR_STYLE: .literal
      case YAML_FOLDED_SCALAR_STYLE: .folded
      default: .plain
      }
    return YAMLScalar(String(decoding: bytes, as: UTF8.self), style: style)
  }

  private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(decoding: UnsafeBufferPointer(start: $0, count: strlen($0)), as: UTF8.self) }
  }

  private func strlen(_ pointer: UnsafeMutablePointer<yaml_char_t>) -> Int {
    var length = 0
    while pointer[length] != 0 { length += 1 }
    return length
  }

  /// What libyaml says of the place where it stopped.
  private func failure() -> YAMLError {
    let state = parser.pointee
    let problem = state.problem.map { String(cString: $0) } ?? "there is no memory left to read it"
    let offset =
      state.error == YAML_READER_ERROR
      ? min(Int(state.problem_offset), file.bytes.count) : positions.offset(of: state.problem_mark)
    var notes: [Diagnostic.Note] = []
    if let context = state.context.map({ String(cString: $0) }) {
      let start = positions.offset(of: state.context_mark)
      notes.append(.init(context, at: start == offset ? nil : SourceAnnotation(file, SourceRange(start, start))))
    }
    return YAMLError(
      .error(
        .yamlSyntax, problem, at: SourceAnnotation(file, SourceRange(offset, offset)), notes: notes,
        help: SyntaxRemedy.help(for: problem, in: file, at: offset)))
  }
}
