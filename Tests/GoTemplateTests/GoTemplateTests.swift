import GoTemplate
import Testing

/// Templates and what Go makes of them.
@Suite struct GoTemplateTests {
  private static let image: TemplateValue = [
    "Id": "sha256:1f3a", "RepoTags": ["app:1", "app:latest"], "RepoDigests": .list([]), "Size": 1234, "Ok": true,
    "Config": ["Env": ["A=1", "B=2"], "Labels": .map(["team": "ships", "a.b": "c<d>"]), "Cmd": .null],
    "Name": "Hello World",
  ]

  @Test(arguments: [
    ("{{.Id}}", "sha256:1f3a"), ("x{{ .Id }}y", "xsha256:1f3ay"), ("{{.Config.Env}}", "[A=1 B=2]"),
    ("{{json .RepoTags}}", #"["app:1","app:latest"]"#), ("{{json .Config.Labels}}", #"{"a.b":"c<d>","team":"ships"}"#),
    ("{{index .RepoTags 0}}", "app:1"), ("{{(index .RepoTags 0)}}", "app:1"),
    ("{{index .Config.Labels \"team\"}}", "ships"),
    ("{{index .Config.Labels \"none\"}}", ""), ("{{.Config.Labels.team}}", "ships"),
    ("{{range .RepoTags}}{{.}} {{end}}", "app:1 app:latest "),
    ("{{range $i, $t := .RepoTags}}{{$i}}={{$t}};{{end}}", "0=app:1;1=app:latest;"),
    ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a.b=c<d>;team=ships;"),
    ("{{range .RepoDigests}}x{{else}}none{{end}}", "none"),
    ("{{if .Ok}}yes{{else}}no{{end}}", "yes"),
    ("{{if not .Ok}}yes{{else if eq .Size 1234}}size{{else}}no{{end}}", "size"),
    ("{{with .Config}}{{.Env | len}}{{end}}", "2"), ("{{with .RepoDigests}}x{{else}}y{{end}}", "y"),
    ("{{join .RepoTags \", \"}}", "app:1, app:latest"), ("{{.Name | lower | upper}}", "HELLO WORLD"),
    ("{{title \"a bc d\"}}", "A Bc D"), ("{{index (split .Id \":\") 1}}", "1f3a"),
    (
      "{{printf \"%-8s|%05d|%q|%v|%t|%x\" .Id 42 \"a\\\"b\" .RepoTags true 255}}",
      "sha256:1f3a|00042|\"a\\\"b\"|[app:1 app:latest]|true|ff"
    ),
    ("{{printf \"%s-%d%%\" \"a\" 5}}", "a-5%"), ("{{println .Id}}", "sha256:1f3a\n"), ("{{print 1 2 \"a\"}}", "1 2a"),
    ("a {{- .Id -}} b", "asha256:1f3ab"), ("a {{/* note }} */}}b", "a b"), ("{{- /* x */ -}} a", "a"),
    ("{{$x := .Size}}{{$x}}{{$x = 2}}{{$x}}", "12342"), ("{{and .Ok .Size}}", "1234"),
    ("{{or .RepoDigests \"x\"}}", "x"),
    ("{{eq .Id \"a\" \"sha256:1f3a\"}}", "true"), ("{{ne .Size 1}} {{lt 1 2}} {{ge 1 2}}", "true true false"),
    ("{{len .Name}}", "11"), ("{{slice .Id 0 6}}", "sha256"), ("{{truncate .Id 3}}", "sha"),
    ("{{pad .Id 1 1}}", " sha256:1f3a "),
    ("{{`raw {{}}`}}", "raw {{}}"), ("{{\"\\u0041\\t\"}}", "A\t"), ("{{$.Id}}", "sha256:1f3a"),
    ("{{range .RepoTags}}{{$.Size}}{{end}}", "12341234"), ("{{.Config.Cmd}}", "<no value>"),
    ("{{1.5}} {{0x10}} {{-3}}", "1.5 16 -3"),
    ("{{range .RepoTags}}{{if eq . \"app:latest\"}}{{break}}{{end}}{{.}}{{end}}", "app:1"),
    ("{{range .RepoTags}}{{if eq . \"app:1\"}}{{continue}}{{end}}{{.}}{{end}}", "app:latest"),
    (
      "{{json .}}",
      #"{"Id":"sha256:1f3a","RepoTags":["app:1","app:latest"],"RepoDigests":[],"Size":1234,"Ok":true,"Config":{"Env":["A=1","B=2"],"Labels":{"a.b":"c<d>","team":"ships"},"Cmd":null},"Name":"Hello World"}"#
    ),
  ])
  func values(_ template: String, _ expected: String) throws {
    #expect(try GoTemplate(parsing: template).text(of: Self.image) == expected)
  }

  @Test(arguments: [
    ("{{.Id", "template: :1: unclosed action"), ("{{\"a}}", "template: :1: unterminated quoted string"),
    ("{{nope .Id}}", "template: :1: function \"nope\" not defined"),
    ("{{$x}}", "template: :1: undefined variable \"$x\""),
    ("{{if .Id}}", "template: :1: unexpected EOF"), ("{{end}}", "template: :1: unexpected {{end}}"),
    ("a\n{{if}}{{end}}", "template: :2: missing value for if"), ("{{(.Id}}", "template: :1: unclosed left paren"),
    ("{{.Id)}}", "template: :1: unexpected right paren"), ("{{/* x}}", "template: :1: unclosed comment"),
    ("{{}}", "template: :1: missing value for command"),
    ("{{.Id | }}", "template: :1: missing value for command"),
    ("{{.Foo}}", "template: :1:2: executing \"\" at <.Foo>: map has no entry for key \"Foo\""),
    ("{{.Id.Foo}}", "template: :1:2: executing \"\" at <.Id.Foo>: can't evaluate field Foo in type string"),
    (
      "{{.Config.Cmd.X}}",
      "template: :1:2: executing \"\" at <.Config.Cmd.X>: nil pointer evaluating interface {}.X"
    ),
    (
      "{{index .RepoDigests 0}}",
      "template: :1:2: executing \"\" at <index .RepoDigests 0>: error calling index: reflect: slice index out of range"
    ),
    ("{{range .Id}}{{end}}", "template: :1:8: executing \"\" at <.Id>: range can't iterate over sha256:1f3a"),
    ("{{len}}", "template: :1:2: executing \"\" at <len>: wrong number of args for len: want 1 got 0"),
    ("{{.Id 1}}", "template: :1:2: executing \"\" at <.Id>: can't give argument to non-function .Id"),
    (
      "{{eq .Id 1}}",
      "template: :1:2: executing \"\" at <eq .Id 1>: error calling eq: incompatible types for comparison"
    ),
  ])
  func mistakes(_ template: String, _ message: String) {
    let error = #expect(throws: TemplateError.self) {
      _ = try GoTemplate(parsing: template).text(of: Self.image)
    }
    #expect(error?.message == message)
  }

  @Test func missingKeysMayHaveNoValue() throws {
    #expect(try GoTemplate(parsing: "{{.Nope}}", missingKey: .noValue).text(of: Self.image) == "<no value>")
  }

  @Test func jsonInLines() {
    let value: TemplateValue = ["A": ["x"], "B": .list([]), "C": .map([:]), "D": "a\"\n\u{1}"]
    #expect(
      value.json(indent: "  ")
        == "{\n  \"A\": [\n    \"x\"\n  ],\n  \"B\": [],\n  \"C\": {},\n  \"D\": \"a\\\"\\n\\u0001\"\n}")
  }

  /// Nothing traps, whatever it is given.
  @Test func damagedTemplatesTrapNowhere() {
    let template =
      "a{{- if and .Ok (eq .Size 1) -}}{{range $i, $t := .RepoTags}}{{printf \"%5.2f\" $i}}{{end}}{{else}}x{{end}}"
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      var text = Array(template)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = text.indices.randomElement(using: &generator) ?? 0
        if Bool.random(using: &generator) {
          text.remove(at: index)
        } else {
          text.insert("{}()|.$\"-%`,=".randomElement() ?? "{", at: index)
        }
      }
      _ = try? GoTemplate(parsing: String(text)).text(of: Self.image)
    }
  }
}
