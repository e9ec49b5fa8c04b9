/// What a template consists of.
indirect enum TemplateNode: Sendable {
  case text(String)
  case action(Pipeline)
  case conditional(Pipeline, then: [TemplateNode], else: [TemplateNode])
  case with(Pipeline, then: [TemplateNode], else: [TemplateNode])
  case range(Pipeline, body: [TemplateNode], else: [TemplateNode])
  case stop(isBreak: Bool)
}

/// `$x := command | command`.
struct Pipeline: Sendable {
  /// Without the dollar sign; two of `range`.
  var variables: [String] = []
  /// `=` and not `:=`.
  var assigns = false
  var commands: [Command] = []
  var range: Range<Int>
}

/// A function or a value with its arguments.
struct Command: Sendable {
  var operands: [Operand]
  var range: Range<Int>
}

struct Operand: Sendable {
  indirect enum Base: Sendable {
    /// `.`
    case dot
    /// `$` has the empty name.
    case variable(String)
    case function(String)
    case literal(TemplateValue)
    case nested(Pipeline)
  }

  var base: Base
  /// `.A.B` behind it.
  var fields: [String] = []
  var range: Range<Int>
}
