import DeployPlugins
import JSON
import Testing

@Suite struct JSONSchemaTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var schema: String
    var value: String
    /// `POINTER MESSAGE`; empty for what fits.
    var issues: [String]
    var testDescription: String { "\(schema) of \(value)" }

    init(_ schema: String, _ value: String, _ issues: String...) {
      self.schema = schema
      self.value = value
      self.issues = issues
    }
  }

  static let cases: [Case] = [
    Case(#"{"type":"object"}"#, "{}"),
    Case(#"{"type":"object"}"#, "[]", " the configuration is a list and has to be a mapping"),
    Case(#"{"properties":{"a":{"type":"string"}}}"#, #"{"a":1}"#, "/a a is 1 and has to be a text"),
    Case(
      #"{"properties":{"a":{"type":["string","boolean"]}}}"#, #"{"a":1}"#,
      "/a a is 1 and has to be a text or true or false"),
    Case(#"{"properties":{"a":{"type":"integer"}}}"#, #"{"a":1.0}"#),
    Case(#"{"properties":{"a":{"type":"integer"}}}"#, #"{"a":1.5}"#, "/a a is 1.5 and has to be a whole number"),
    Case(#"{"properties":{"a":{"type":"number"}}}"#, #"{"a":1}"#),
    Case(#"{"required":["a","b"]}"#, #"{"b":1}"#, " the key a is missing"),
    Case(
      #"{"properties":{"o":{"type":"object","required":["a"]}}}"#, #"{"o":{}}"#, "/o the key a is missing in o"),
    Case(
      #"{"properties":{"service":{}},"additionalProperties":false}"#, #"{"servce":1}"#,
      "/servce the plugin has no key servce"),
    Case(
      #"{"additionalProperties":{"type":"string"}}"#, #"{"a":"x","b":2}"#, "/b b is 2 and has to be a text"),
    Case(
      #"{"patternProperties":{"^x-":true},"additionalProperties":false}"#, #"{"x-a":1,"b":1}"#,
      "/b the plugin has no key b"),
    Case(#"{"propertyNames":{"pattern":"^[a-z]+$"}}"#, #"{"A":1}"#, "/A the key A does not fit ^[a-z]+$"),
    Case(#"{"items":{"type":"string"}}"#, #"["a",1]"#, "/1 1 is 1 and has to be a text"),
    Case(
      #"{"properties":{"l":{"items":{"type":"string"}}}}"#, #"{"l":["a",1]}"#, "/l/1 l[1] is 1 and has to be a text"),
    Case(
      #"{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}}"#, #"["a",1,"b"]"#,
      #"/2 2 is "b" and has to be a whole number"#),
    Case(#"{"properties":{"l":{"minItems":1}}}"#, #"{"l":[]}"#, "/l l is empty"),
    Case(#"{"properties":{"l":{"maxItems":1}}}"#, #"{"l":[1,2]}"#, "/l l has more than 1 values"),
    Case(#"{"properties":{"l":{"uniqueItems":true}}}"#, #"{"l":[1,2,1.0]}"#, "/l/2 1.0 is twice in l"),
    Case(#"{"contains":{"const":1}}"#, "[2]", " the configuration lacks a value that it has to have"),
    Case(
      #"{"properties":{"m":{"enum":["fail","rollback"]}}}"#, #"{"m":"rolback"}"#,
      #"/m m is "rolback", which is none of fail, rollback"#),
    Case(#"{"properties":{"m":{"const":1}}}"#, #"{"m":2}"#, "/m m is 2 and has to be 1"),
    Case(
      #"{"properties":{"n":{"minimum":1,"maximum":3}}}"#, #"{"n":0}"#, "/n n is 0, below 1"),
    Case(#"{"properties":{"n":{"minimum":1,"maximum":3}}}"#, #"{"n":4}"#, "/n n is 4, above 3"),
    Case(#"{"properties":{"n":{"exclusiveMaximum":3}}}"#, #"{"n":3}"#, "/n n is 3 and has to be below 3"),
    Case(#"{"properties":{"n":{"exclusiveMinimum":3}}}"#, #"{"n":3}"#, "/n n is 3 and has to be above 3"),
    Case(#"{"properties":{"n":{"multipleOf":0.1}}}"#, #"{"n":0.3}"#),
    Case(#"{"properties":{"n":{"multipleOf":5}}}"#, #"{"n":7}"#, "/n n is 7, no multiple of 5"),
    Case(#"{"properties":{"s":{"minLength":1}}}"#, #"{"s":""}"#, "/s s is empty"),
    Case(#"{"properties":{"s":{"maxLength":2}}}"#, #"{"s":"äöü"}"#, "/s s is longer than 2 characters"),
    Case(
      #"{"properties":{"s":{"pattern":"^[0-9]+m$"}}}"#, #"{"s":"soon"}"#,
      #"/s s is "soon", which does not fit ^[0-9]+m$"#),
    Case(#"{"dependentRequired":{"a":["b"]}}"#, #"{"a":1}"#, "/a a needs the key b, too"),
    Case(#"{"minProperties":1}"#, "{}", " the configuration has fewer than 1 keys"),
    Case(
      ##"{"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"string"}}}"##, #"{"a":[]}"#,
      "/a a is a list and has to be a text"),
    Case(
      #"{"properties":{"c":{"anyOf":[{"type":"string"},{"type":"object","required":["name"]}]}}}"#, #"{"c":{}}"#,
      "/c the key name is missing in c"),
    Case(
      #"{"properties":{"c":{"anyOf":[{"type":"string"},{"type":"object"}]}}}"#, #"{"c":[]}"#,
      "/c c is a list and has to be a text or a mapping"),
    Case(
      #"{"properties":{"c":{"oneOf":[{"type":"number"},{"type":"integer"}]}}}"#, #"{"c":1}"#,
      "/c c fits 2 forms, of which it may have one only"),
    Case(
      #"{"allOf":[{"required":["a"]},{"required":["b"]}]}"#, "{}", " the key a is missing", " the key b is missing"),
    Case(
      #"{"not":{"required":["a","b"],"description":"must not have both a and b"}}"#, #"{"a":1,"b":2}"#,
      " the configuration must not have both a and b"),
    Case(
      #"{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}"#, #"{"a":1}"#,
      " the key b is missing"),
    Case(
      #"{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}"#, "{}", " the key c is missing"),
    Case(#"{"properties":{"a":false}}"#, #"{"a":1}"#, "/a a must not be there"),
    Case(#"{"properties":{"a":{"format":"uri","x-own":1,"unheard":2}}}"#, #"{"a":1}"#),
    // A schema that names itself without an end.
    Case(##"{"$ref":"#"}"##, "{}"),
  ]

  @Test(arguments: cases) func valuesAreCompared(_ item: Case) throws {
    let schema = JSONSchema(try JSONValue(parsing: item.schema))
    let found = schema.issues(in: try JSONValue(parsing: item.value)).map { "\($0.pointer) \($0.message)" }
    #expect(found == item.issues)
  }

  @Test func helpSaysWhatWasMeant() throws {
    let schema = JSONSchema([
      "properties": ["service": ["type": "string", "description": "Name of the service."], "cluster": true],
      "required": ["service"], "additionalProperties": false,
    ])
    #expect(
      schema.issues(in: ["servise": "x"]).map(\.help) == [
        ["did you mean service?"], ["add service: Name of the service."],
      ])
    #expect(schema.issues(in: ["service": "x", "zzzz": 1]).first?.help == ["the keys are service, cluster"])
  }

  @Test(arguments: [
    (#"{"type":"strin"}"#, #"/type "strin" is no type"#),
    (
      #"{"properties":{"a":{"unevaluatedProperties":false}}}"#,
      "/properties/a/unevaluatedProperties the keyword unevaluatedProperties is not known"
    ),
    (#"{"pattern":"(["}"#, "/pattern ([ is no regular expression"),
    (##"{"$ref":"#/$defs/gone"}"##, "/$ref $ref #/$defs/gone leads nowhere"),
    (#"{"items":3}"#, "/items 3 is no schema"),
    (#"{"anyOf":{}}"#, "/anyOf anyOf has to be a list of schemas"),
    (#"{"patternProperties":{"(":true}}"#, "/patternProperties ( is no regular expression"),
  ])
  func mistakesOfSchemasAreFound(schema: String, problem: String) throws {
    let found = JSONSchema(try JSONValue(parsing: schema)).problems.map { "\($0.pointer) \($0.message)" }
    #expect(found == [problem])
  }

  @Test func schemasOfTheAuthorsOwnAreFine() {
    let schema: JSONValue = [
      "type": "object", "properties": ["a": ["type": ["string", "null"], "x-variables": false, "default": .null]],
      "$defs": ["b": true], "additionalProperties": ["$ref": "#/$defs/b"],
    ]
    #expect(JSONSchema(schema).problems == [])
  }
}
