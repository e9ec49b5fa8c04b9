import DeployPlugins
import Diagnostics
import HostOS
import JSON
import SourceYAML
import SystemPackage
import TestSupport
import Testing

@Suite struct PluginConfigurationTests {
  static let schema = JSONSchema([
    "type": "object",
    "properties": [
      "service": ["type": "string"], "account": ["type": "string"], "count": ["type": "integer", "minimum": 1],
      "force": ["type": "boolean"], "subnets": ["type": "array", "items": ["type": "string"]],
      "containers": [
        "type": "object", "additionalProperties": ["anyOf": [["type": "string"], ["type": "object"]]],
      ],
      "command": ["type": "array", "items": ["type": "string"], "x-variables": false],
    ],
    "required": ["service"], "additionalProperties": false,
  ])

  private func configuration(_ text: String) throws -> PluginConfiguration {
    let file = SourceFile(name: "deploy.yml", text: text)
    return PluginConfiguration(try YAMLDocument.parse(file).root, in: file)
  }

  @Test func scalarsAreThoseOfTheCoreSchema() throws {
    let text =
      #"{a: 1, b: 1.50, c: true, d: null, e: ~, f: "1", g: 'true', h: yes, i: 0x1F, j: 0o17, k: 007, l: .5, m: 1e3, n: -3, o: 1.2.3, p: !!str 5, q: }"#
    #expect(
      try configuration(text).value.text
        == #"{"a":1,"b":1.50,"c":true,"d":null,"e":null,"f":"1","g":"true","h":"yes","i":31,"j":15,"k":7,"l":0.5,"m":1e3,"n":-3,"o":"1.2.3","p":"5","q":null}"#
    )
  }

  @Test func textsAreAsTheyAreWritten() throws {
    var found = try configuration(
      "service: 1.10\naccount: 000123456789\ncount: 2\ncontainers: {web: 5}\nsubnets: [0o7, a]\n")
    found.fit(Self.schema)
    #expect(
      found.value.text
        == #"{"service":"1.10","account":"000123456789","count":2,"containers":{"web":"5"},"subnets":["0o7","a"]}"#)
    #expect(found.problems(Self.schema) == [])
  }

  struct Place: Sendable {
    var text: String
    var place: String
    var message: String
  }

  @Test(arguments: [
    Place(text: "service: web\nservce: api\n", place: "deploy.yml:2:1", message: "the plugin has no key servce"),
    Place(text: "service: [a]\n", place: "deploy.yml:1:10", message: "service is a list and has to be a text"),
    Place(text: "service: web\ncount: 0\n", place: "deploy.yml:2:8", message: "count is 0, below 1"),
    Place(
      text: "service: web\nsubnets:\n  - a\n  - {b: 1}\n", place: "deploy.yml:4:5",
      message: "subnets[1] is a mapping and has to be a text"),
    Place(text: "count: 1\n", place: "deploy.yml:1:1", message: "the key service is missing"),
    Place(
      text: "service: web\ncount: \"2\"\n", place: "deploy.yml:2:8",
      message: "count is \"2\" and has to be a whole number"),
  ])
  func mistakesHavePlaces(_ item: Place) throws {
    var found = try configuration(item.text)
    found.fit(Self.schema)
    let problems = found.problems(Self.schema)
    #expect(problems.map(\.message) == [item.message])
    let annotation = try #require(problems.first?.annotation)
    let start = annotation.file.location(at: annotation.range.lowerBound)
    #expect("\(annotation.file.name):\(start.line):\(start.column)" == item.place)
  }

  @Test func whatThePluginPointsAtHasAPlace() throws {
    let found = try configuration("service: web\ncontainers:\n  web: app\n")
    let text = DiagnosticRenderer().render(
      found.diagnostic(.error, "unknown-container", "there is no container web", at: JSONPointer("/containers/web")))
    #expect(
      text == """
        error[unknown-container]: there is no container web
         --> deploy.yml:3:8
          |
        3 |   web: app
          |        ^^^

        """)
  }

  // MARK: Files

  @Test func filesAreYAMLOrJSON() async throws {
    try await Scratch.use { scratch in
      try scratch.write([
        "a.yml": "service: web\n", "b.json": "{\t\"service\": \"\\ud83d\\ude00\", \"count\": 1.0}",
        "c.json": "{\"service\": }",
        "d.yml": "- a\n", "e.json": "{\"servce\": 1}",
      ])
      #expect(try PluginConfiguration(file: scratch("a.yml")).value == ["service": "web"])
      #expect(try PluginConfiguration(file: scratch("b.json")).value.text == #"{"service":"😀","count":1.0}"#)
      let wrong = #expect(throws: DiagnosticsError.self) { try PluginConfiguration(file: scratch("c.json")) }
      #expect(wrong?.exitCode == .usage && wrong?.description.contains("c.json:1:13") == true)
      #expect(throws: DiagnosticsError.self) { try PluginConfiguration(file: scratch("d.yml")) }
      let place = try PluginConfiguration(file: scratch("e.json")).problems(Self.schema).first?.annotation
      #expect(place.map { $0.file.text(in: $0.range) } == "\"servce\"")
    }
  }

  // MARK: Flags

  @Test(arguments: [
    ("service=web", #"{"service":"web"}"#), ("service=1", #"{"service":"1"}"#), ("service=", #"{"service":""}"#),
    ("service=a=b", #"{"service":"a=b"}"#), ("count=3", #"{"count":3}"#), ("force=true", #"{"force":true}"#),
    ("containers.web=app", #"{"containers":{"web":"app"}}"#),
    (#"containers.a\.b=app"#, #"{"containers":{"a.b":"app"}}"#),
    ("subnets=a,b", #"{"subnets":["a","b"]}"#), ("subnets=[a, b]", #"{"subnets":["a","b"]}"#),
    (#"containers:={"web":{"image":"x"}}"#, #"{"containers":{"web":{"image":"x"}}}"#),
  ])
  func settingsHaveTheTypeOfTheSchema(argument: String, value: String) throws {
    var found = PluginConfiguration()
    try found.set(argument, Self.schema)
    #expect(found.value.text == value)
  }

  @Test(arguments: [
    ("service", "--set service is not key=value"), ("=x", "--set =x is not key=value"),
    ("a..b=1", "--set a..b=1 has an empty name in its key"),
    (
      "count:={",
      "the value of --set count:={ is no JSON: line 1, column 2: the name of a member has to be here, in quotation marks"
    ),
    ("service.x=1", "--set service.x=1 leads into what is neither a mapping nor a list"),
  ])
  func settingsThatAreNoneNameTheFlag(argument: String, message: String) throws {
    var found = try configuration("service: web\n")
    let error = #expect(throws: DiagnosticsError.self) { try found.set(argument, Self.schema) }
    #expect(error?.diagnostics.first?.message == message)
    #expect(error?.exitCode == .usage)
  }

  @Test func mistakesOfFlagsNameThem() throws {
    var found = try configuration("service: web\ncount: 1\n")
    try found.set("count=none", Self.schema)
    let problem = try #require(found.problems(Self.schema).first)
    #expect(problem.annotation == nil)
    #expect(problem.notes.map(\.message) == ["it is said by --set count=none"])
  }

  @Test func listsCanBeChanged() throws {
    var found = try configuration("service: web\nsubnets: [a, b]\n")
    try found.set("subnets.1=c", Self.schema)
    try found.set("subnets.2=d", Self.schema)
    #expect(found.value["subnets"] == ["a", "c", "d"])
  }

  // MARK: Variables

  @Test func variablesArePutIn() throws {
    var found = try configuration(
      "service: $NAME-$$\ncount: $COUNT\naccount: ${ID}\ncontainers: {web: '${MISSING:-app}'}\ncommand: [echo, $NAME]\nforce: $FORCE\n"
    )
    found.fit(Self.schema)
    let variables = ["NAME": "web", "COUNT": "3", "ID": "0012"]
    found.expand(variables, Self.schema)
    #expect(
      found.value.text
        == #"{"service":"web-$","count":3,"account":"0012","containers":{"web":"app"},"command":["echo","$NAME"],"force":"$FORCE"}"#
    )
    #expect(found.unknownVariables(variables).map(\.name) == ["FORCE"])
    #expect(found.problems(Self.schema) == [])
  }
}
