import Testing

@testable import AWS

@Suite struct XMLElementTests {
  @Test func readsWhatServicesWrite() throws {
    let text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- a <comment> -->
      <ns:GetResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/" a='>'>
        <GetResult><Arn>arn:aws:iam::1:user/a&amp;b</Arn><Empty/><Spaced >
          x &#65;&#x42; <![CDATA[<raw>&amp;]]></Spaced
        ></GetResult>
        <List><member>1</member><!-- no --><member>2</member></List>
      </ns:GetResponse>

      """
    let root = try #require(XMLElement(parsing: Array(text.utf8)))
    #expect(root.name == "GetResponse")
    #expect(root["GetResult"]?["Arn"]?.text == "arn:aws:iam::1:user/a&b")
    #expect(root["GetResult"]?["Empty"]?.text == "")
    #expect(root["GetResult"]?["Spaced"]?.text == "x AB <raw>&amp;")
    #expect(root["List"]?.children.map(\.text) == ["1", "2"])
    #expect(root["Other"] == nil)
  }

  @Test(
    arguments: [
      "", "text", "<a>", "<a></b>", "<a></ab>", "<ab></a>", "<a>&nbsp;</a>", "<a>&#xFFFFFFFF;</a>", "<a>&amp</a>",
      "<a/>x",
      "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a b='></a>", "<a><!-- </a>", "<a><![CDATA[</a>", "<a/><b/>", "<>",
      "< a/>", "<a <b/></a>", String(repeating: "<a>", count: 100_000),
      String(repeating: "<a>", count: 65) + String(repeating: "</a>", count: 65),
    ])
  func refusesEverythingElse(text: String) { #expect(XMLElement(parsing: Array(text.utf8)) == nil) }
}
