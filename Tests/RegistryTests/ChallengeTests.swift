import NIOHTTP1
import Testing

@testable import Registry

@Suite struct ChallengeTests {
  @Test(
    "challenges in their many forms",
    arguments: [
      ("Basic", [Challenge(scheme: "basic", parameters: [:])]),
      (
        #"Bearer realm="https://a/t",service="r.example",scope="repository:a/b:pull,push""#,
        [
          Challenge(
            scheme: "bearer",
            parameters: ["realm": "https://a/t", "service": "r.example", "scope": "repository:a/b:pull,push"])
        ]
      ),
      (
        #"BASIC Realm="a, \"b\"" , bearer realm=x"#,
        [
          Challenge(scheme: "basic", parameters: ["realm": #"a, "b""#]),
          Challenge(scheme: "bearer", parameters: ["realm": "x"]),
        ]
      ),
      (#"Bearer realm="never ends"#, [Challenge(scheme: "bearer", parameters: [:])]),
      ("=", []), ("", []), ("\"\"", []), (#"realm="x""#, []),
    ])
  func challenges(text: String, expected: [Challenge]) {
    #expect(Challenge.parse(text) == expected)
  }

  @Test func readsSeveralFields() {
    let headers: HTTPHeaders = ["www-authenticate": "Negotiate", "WWW-Authenticate": "Basic realm=\"ecr\""]
    #expect(Challenge.all(in: headers).map(\.scheme) == ["negotiate", "basic"])
  }
}
