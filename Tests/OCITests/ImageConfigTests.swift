import Diagnostics
import OCI
import Testing

@Suite struct ImageConfigTests {
  /// All members of image-spec and those that Docker adds, keys sorted.
  private static let full = """
    {"architecture":"arm","author":"me","config":{"ArgsEscaped":true,"Cmd":["c"],"Entrypoint":["e"],"Env":["A=1"],\
    "ExposedPorts":{"80/tcp":{}},"Healthcheck":{"Interval":1,"Retries":5,"StartInterval":4,"StartPeriod":3,\
    "Test":["CMD","x"],"Timeout":2},"Labels":{"l":"m"},"OnBuild":["RUN x"],"Shell":["/bin/bash","-c"],\
    "StopSignal":"SIGINT","User":"u:g","Volumes":{"/v":{}},"WorkingDir":"/w"},"created":"2020-01-02T03:04:05Z",\
    "history":[{"author":"a","comment":"c","created":"2020-01-02T03:04:05Z","created_by":"RUN x","empty_layer":true}],\
    "os":"linux","os.features":["f"],"os.version":"1","rootfs":{"diff_ids":["sha256:\
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],"type":"layers"},"variant":"v7"}
    """

  @Test func keepsAllMembers() throws {
    let config = try JSONDocument.decode(ImageConfig.self, from: Array(Self.full.utf8), called: "config")
    #expect(String(decoding: try JSONDocument.encode(config), as: UTF8.self) == Self.full)
    #expect(config.platform.description == "linux/arm/v7")
    #expect(config.platform.osVersion == "1")
  }

  @Test func takesNullForNothing() throws {
    let text = """
      {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{"Cmd":null,"Env":null,\
      "Volumes":null,"Labels":null,"OnBuild":null,"Hostname":"h","Tty":false},"history":null,"container":"abc"}
      """
    let config = try JSONDocument.decode(ImageConfig.self, from: Array(text.utf8), called: "config")
    #expect(config.config == RuntimeConfig())
    #expect(config.history == nil)
  }

  @Test(arguments: [
    (#"{"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#, ".architecture is missing"),
    (#"{"os":"linux","architecture":"amd64"}"#, ".rootfs is missing"),
    (#"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers"}}"#, ".rootfs.diff_ids is missing"),
    (
      #"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["x"]}}"#,
      ".rootfs.diff_ids[0]: \"x\" is not a digest"
    ),
    (
      #"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]},"config":{"Env":"A=1"}}"#,
      ".config.Env has another type"
    ),
  ])
  func namesTheMemberAtFault(_ text: String, _ reason: String) {
    let error = #expect(throws: OCIError.self) {
      try JSONDocument.decode(ImageConfig.self, from: Array(text.utf8), called: "config")
    }
    #expect(error?.diagnostic.message == "the config is not valid: \(reason)")
  }

  @Test func leavesOutWhatIsFalse() throws {
    let entries = [History(createdBy: "a", emptyLayer: true), History(createdBy: "b", comment: "c")]
    #expect(
      String(decoding: try JSONDocument.encode(entries), as: UTF8.self)
        == #"[{"created_by":"a","empty_layer":true},{"comment":"c","created_by":"b"}]"#)
  }

  // MARK: JSONDocument

  @Test func sortsKeysAndKeepsSlashes() throws {
    let value = ["b/c": "x/y", "a": "\u{E4}\u{1F600}\n\"", "B": "<&>", "aa": ""]
    let expected = #"{"B":"<&>","a":"ä😀\n\"","aa":"","b/c":"x/y"}"#
    for _ in 0..<20 { #expect(String(decoding: try JSONDocument.encode(value), as: UTF8.self) == expected) }
    let pairs = (0..<200).map { ("key\($0)", "\($0)") }
    let first = try JSONDocument.encode(Dictionary(uniqueKeysWithValues: pairs))
    #expect(try JSONDocument.encode(Dictionary(uniqueKeysWithValues: pairs.reversed())) == first)
  }

  @Test func writesForPeople() throws {
    #expect(
      String(decoding: try JSONDocument.encode(["b": 1, "a": 2], pretty: true), as: UTF8.self)
        == "{\n  \"a\" : 2,\n  \"b\" : 1\n}")
  }

  @Test(arguments: ["", "{", "nul", "{\"a\":1} x", String(repeating: "[", count: 100_000)])
  func refusesWhatIsNoJSON(_ text: String) {
    let error = #expect(throws: OCIError.self) {
      try JSONDocument.decode([String: Int].self, from: Array(text.utf8), called: "text")
    }
    #expect(error?.diagnostic.message == "the text is not valid: it cannot be read as JSON")
    #expect(error?.diagnostic.code == "invalid-json")
  }
}
