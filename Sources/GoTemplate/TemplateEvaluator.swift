/// Carries a template out (text/template/exec.go).
struct TemplateEvaluator {
  private let source: TemplateSource
  private let missingKey: GoTemplate.MissingKey
  private var variables: [(name: String, value: TemplateValue)]
  private(set) var output = ""

  init(_ source: TemplateSource, root: TemplateValue, _ missingKey: GoTemplate.MissingKey) {
    self.source = source
    self.missingKey = missingKey
    variables = [("", root)]
  }

  private enum Flow { case goesOn, breaks, continues }

  mutating func execute(_ nodes: [TemplateNode], _ dot: TemplateValue) throws(TemplateError) {
    _ = try run(nodes, dot)
  }

  private mutating func run(_ nodes: [TemplateNode], _ dot: TemplateValue) throws(TemplateError) -> Flow {
    for node in nodes {
      let flow = try run(node, dot)
      if flow != .goesOn { return flow }
    }
    return .goesOn
  }

  private mutating func run(_ node: TemplateNode, _ dot: TemplateValue) throws(TemplateError) -> Flow {
    switch node {
    case .text(let text): output += text
    case .action(let pipeline):
      let value = try value(of: pipeline, dot)
      if pipeline.variables.isEmpty { output += value.description } else { set(pipeline, value) }
    case .conditional(let pipeline, let then, let other):
      return try scoped { me throws(TemplateError) in
        let value = try me.value(of: pipeline, dot)
        me.set(pipeline, value)
        return try me.run(value.isTrue ? then : other, dot)
      }
    case .with(let pipeline, let then, let other):
      return try scoped { me throws(TemplateError) in
        let value = try me.value(of: pipeline, dot)
        me.set(pipeline, value)
        return try value.isTrue ? me.run(then, value) : me.run(other, dot)
      }
    case .range(let pipeline, let body, let other):
      return try scoped { me throws(TemplateError) in try me.loop(pipeline, body, other, dot) }
    case .stop(let isBreak): return isBreak ? .breaks : .continues
    }
    return .goesOn
  }

  private mutating func scoped(
    _ body: (inout TemplateEvaluator) throws(TemplateError) -> Flow
  ) throws(TemplateError) -> Flow {
    let count = variables.count
    let flow = try body(&self)
    variables.removeLast(variables.count - count)
    return flow
  }

  private mutating func set(_ pipeline: Pipeline, _ value: TemplateValue) {
    guard let name = pipeline.variables.last else { return }
    if pipeline.assigns, let index = variables.lastIndex(where: { $0.name == name }) {
      variables[index].value = value
    } else {
      variables.append((name, value))
    }
  }

  private mutating func loop(
    _ pipeline: Pipeline, _ body: [TemplateNode], _ other: [TemplateNode], _ dot: TemplateValue
  ) throws(TemplateError) -> Flow {
    let pairs = try self.pairs(of: try value(of: pipeline, dot), pipeline)
    if pairs.isEmpty { return try run(other, dot) }
    for (key, value) in pairs {
      let flow = try scoped { me throws(TemplateError) in
        switch pipeline.variables.count {
        case 2: me.variables += [(pipeline.variables[0], key), (pipeline.variables[1], value)]
        case 1: me.variables.append((pipeline.variables[0], value))
        default: break
        }
        return try me.run(body, value)
      }
      if flow == .breaks { break }
    }
    return .goesOn
  }

  private func pairs(
    of value: TemplateValue, _ pipeline: Pipeline
  ) throws(TemplateError) -> [(TemplateValue, TemplateValue)] {
    switch value {
    case .null, .empty: return []
    case .list(let values): return values.enumerated().map { (.integer(Int64($0.offset)), $0.element) }
    case .map(let members): return members.sorted { $0.key < $1.key }.map { (.text($0.key), $0.value) }
    case .record(let members): return members.map { (.text($0.name), $0.value) }
    case .integer(let count) where count >= 0 && count < 1 << 20:
      return (0..<count).map { (.integer($0), .integer($0)) }
    default: throw source.executionError("range can't iterate over \(value)", in: pipeline.range)
    }
  }

  // MARK: Values

  private func value(of pipeline: Pipeline, _ dot: TemplateValue) throws(TemplateError) -> TemplateValue {
    var last: TemplateValue?
    for command in pipeline.commands { last = try value(of: command, dot, final: last) }
    return last ?? .null
  }

  private func value(
    of command: Command, _ dot: TemplateValue, final: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    guard let first = command.operands.first else { return .null }
    let rest = command.operands.dropFirst()
    if case .function(let name) = first.base {
      // The last one may never be asked for.
      if name == "and" || name == "or" {
        return try field(first, try chosen(name, rest, dot, final, command), dot)
      }
      var arguments: [TemplateValue] = []
      for operand in rest { arguments.append(try value(of: operand, dot)) }
      let result: TemplateValue
      do { result = try TemplateFunctions.call(name, arguments + [final].compactMap { $0 }) } catch {
        throw source.executionError(error.words(calling: name), in: error.isCount ? first.range : command.range)
      }
      return try field(first, result, dot)
    }
    let base = try value(of: first, dot)
    var arguments: [TemplateValue] = []
    for operand in rest { arguments.append(try value(of: operand, dot)) }
    if let final { arguments.append(final) }
    if arguments.isEmpty { return base }
    // `.Label "name"` is a method of docker's rows.
    if case .map(let members) = base, arguments.count == 1, case .text(let key) = arguments[0] {
      return members[key] ?? .text("")
    }
    throw source.executionError("can't give argument to non-function \(source.text(first.range))", in: first.range)
  }

  private func chosen(
    _ name: String, _ operands: ArraySlice<Operand>, _ dot: TemplateValue, _ final: TemplateValue?, _ command: Command
  ) throws(TemplateError) -> TemplateValue {
    var last: TemplateValue?
    for operand in operands {
      let value = try value(of: operand, dot)
      if value.isTrue == (name == "or") { return value }
      last = value
    }
    guard let result = final ?? last else {
      throw source.executionError("wrong number of args for \(name): want at least 1 got 0", in: command.range)
    }
    return result
  }

  private func value(of operand: Operand, _ dot: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch operand.base {
    case .dot: return try field(operand, dot, dot)
    case .literal(let value): return try field(operand, value, dot)
    case .variable(let name):
      return try field(operand, variables.last { $0.name == name }?.value ?? .null, dot)
    case .nested(let pipeline): return try field(operand, try value(of: pipeline, dot), dot)
    case .function: return try value(of: Command(operands: [operand], range: operand.range), dot, final: nil)
    }
  }

  private func field(
    _ operand: Operand, _ value: TemplateValue, _ dot: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    var value = value
    for name in operand.fields {
      switch value {
      case .record, .map, .empty("map[]"):
        guard let member = value[name] else {
          guard missingKey == .error else { return .null }
          throw source.executionError("map has no entry for key \"\(name)\"", in: operand.range)
        }
        value = member
      case .null: throw source.executionError("nil pointer evaluating interface {}.\(name)", in: operand.range)
      default:
        throw source.executionError("can't evaluate field \(name) in type \(value.typeName)", in: operand.range)
      }
    }
    return value
  }
}
