import GoTemplate
import Testing

@Suite struct TemplateValueTests {
  @Test(arguments: [
    (TemplateValue.list(["a", 1, true]), "[a 1 true]"), (.map(["b": 2, "a": "x"]), "map[a:x b:2]"),
    (TemplateValue.record([.init("A", "x"), .init("B", ["y"])]), "{x [y]}"), (.null, "<no value>"),
    (.number(1.5), "1.5"), (.number(3), "3"),
  ])
  func printedAsGoPrints(_ value: TemplateValue, _ text: String) {
    #expect(value.description == text)
  }
}
