import Testing

@testable import Slipway

/// Interpolation as compose-spec has it.
@Suite struct ComposeVariablesTests {
  private let variables = ComposeVariables(values: ["A": "a", "EMPTY": ""])

  @Test(arguments: [
    ("$A", "a"), ("${A}", "a"), ("x$A.y", "xa.y"), ("$NONE|", "|"), ("$$A", "$A"), ("${A:-b}", "a"),
    ("${EMPTY:-b}", "b"),
    ("${EMPTY-b}", ""), ("${NONE-b}", "b"), ("${NONE:-${A}-$A}", "a-a"), ("${A:+c}", "c"), ("${EMPTY:+c}", ""),
    ("${EMPTY+c}", "c"), ("${NONE+c}", ""), ("${A:?no}", "a"), ("no dollar", "no dollar"), ("${NONE:-}", ""),
    ("${NONE:-http://h:1/x}", "http://h:1/x"),
  ])
  func expanded(_ text: String, _ expected: String) throws {
    #expect(try variables.expand(text) == expected)
  }

  @Test(arguments: [
    ("${NONE:?say it}", "required variable NONE is missing a value: say it"), ("${EMPTY:?}", "EMPTY"),
    ("${", "invalid"),
    ("${A", "invalid"), ("${A!x}", "invalid"), ("$", "invalid"), ("$1", "invalid"), ("${}", "invalid"),
    ("${A:-b", "invalid"),
  ])
  func mistakes(_ text: String, _ message: String) {
    let failure = #expect(throws: ComposeVariables.Failure.self) { try variables.expand(text) }
    #expect(failure?.message.contains(message) == true)
  }

  @Test func environmentFiles() {
    let text = """
      # note
      A=1
      export B="two words\\n$A" # note
      C='$A'
      D = d # note
      E=${A}x
      F=
      not a line
      G="a # b"
      """
    let values = ComposeVariables.read(text, over: ["A": "0"])
    #expect(values == ["A": "1", "B": "two words\n1", "C": "$A", "D": "d", "E": "1x", "F": "", "G": "a # b"])
  }
}
