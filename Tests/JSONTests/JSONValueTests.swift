import Foundation
import JSON
import Testing

@Suite struct JSONValueTests {
  @Test(arguments: [
    #"{"b":1,"a":[true,false,null,"x"],"":{}}"#, "[]", "12345678901234567890", "1.0", "-0", "1E+2",
    #""\"\\\n\u0001é😀""#,
    "null", #"{"/":"a/b"}"#,
  ])
  func textsComeBackAsTheyWere(_ text: String) throws {
    #expect(try JSONValue(parsing: text).text == text)
  }

  @Test(arguments: [
    ("", 1, 1), ("{", 1, 2), ("[1,]", 1, 4), ("{\"a\" 1}", 1, 6), ("01", 1, 1), ("1.", 1, 1), ("nul", 1, 1),
    ("\"a", 1, 1), ("\"\\x\"", 1, 2), ("\"\\u12g4\"", 1, 2), ("[1]\n x", 2, 2), ("{a:1}", 1, 2), ("\"\t\"", 1, 2),
    ("+1", 1, 1), ("'a'", 1, 1),
  ])
  func whatIsNoJSONIsRefusedWithItsPlace(_ text: String, line: Int, column: Int) {
    do {
      let value = try JSONValue(parsing: text)
      Issue.record("\(text) is \(value)")
    } catch {
      #expect((error.line, error.column) == (line, column), "\(text): \(error)")
    }
  }

  @Test func depthIsBounded() {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
    #expect(throws: Never.self) {
      try JSONValue(parsing: String(repeating: "[", count: 500) + String(repeating: "]", count: 500))
    }
  }

  @Test func bytesThatAreNoTextAreRefused() {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test(arguments: [
    (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"), (#""\u00e9""#, "é"),
  ])
  func escapesOfUTF16(_ text: String, expected: String) throws {
    #expect(try JSONValue(parsing: text).string == expected)
  }

  @Test func equalityIsThatOfValues() throws {
    #expect(try JSONValue(parsing: #"{"a":1,"b":2}"#) == JSONValue(parsing: #"{"b":2.0,"a":1e0}"#))
    #expect(try JSONValue(parsing: "9007199254740993") != JSONValue(parsing: "9007199254740992"))
    #expect(try JSONValue(parsing: "[1,2]") != JSONValue(parsing: "[2,1]"))
    #expect(try Set([JSONValue(parsing: #"{"a":1,"b":2}"#), JSONValue(parsing: #"{"b":2,"a":1}"#)]).count == 1)
  }

  @Test func membersAreReadWrittenAndRemoved() throws {
    var value: JSONValue = ["a": 1, "b": ["c": true]]
    value["a"] = "x"
    value["b"] = nil
    value["d"] = nil
    value["e"] = .null
    #expect(value.text == #"{"a":"x","e":null}"#)
    #expect(value[0] == nil)
  }

  @Test func pointersLeadToValues() throws {
    let value = try JSONValue(parsing: #"{"a/b":[{"m~n":7}],"":1}"#)
    #expect(value[try #require(JSONPointer("/a~1b/0/m~0n"))] == 7)
    #expect(value[try #require(JSONPointer("/"))] == 1)
    #expect(value[.root] == value)
    #expect(value[try #require(JSONPointer("/a~1b/1"))] == nil)
    #expect(JSONPointer("a") == nil)
    #expect(JSONPointer("/a~1b/0")?.description == "/a~1b/0")
  }

  @Test func typesOfOursGoBothWays() throws {
    struct Thing: Codable, Equatable {
      var name: String
      var count: Int
      var rest: JSONValue
    }
    let thing = Thing(name: "a", count: 3, rest: ["x": [1, .number(try #require(JSONNumber(2.5))), .null]])
    let value = try JSONValue(encoding: thing)
    #expect(value.text == #"{"count":3,"name":"a","rest":{"x":[1,2.5,null]}}"#)
    #expect(try value.decode(Thing.self) == thing)
  }

  @Test func longTextsAreIndented() {
    let value: JSONValue = ["a": [1, [:], []], "b": "c"]
    #expect(
      value.prettyText == """
        {
          "a": [
            1,
            {},
            []
          ],
          "b": "c"
        }
        """)
  }
}
