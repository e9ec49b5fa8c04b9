import Diagnostics
import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import AWS

@Suite struct SettingsFileTests {
  @Test func sectionsAndSettings() throws {
    let file = try SettingsFile(
      """
      # a comment
      ; another
      [default]
      Region=eu-central-1   ; behind
      empty =
      [profile  "my one" ]
      key = a=b # comment
      url = http://x.example/#part
      credential_process = tool --mark ' # ' ; rest
      s3 =
        addressing_style = path
        # below
        max = 5
      other\t=\tlast
      [default]
      output = json

      """, called: "config")
    #expect(file.sections.keys.sorted() == ["default", "profile my one"])
    #expect(file.sections["default"]?.values == ["region": "eu-central-1", "empty": "", "output": "json"])
    let section = try #require(file.sections["profile my one"])
    #expect(
      section.values == [
        "key": "a=b", "url": "http://x.example/#part", "credential_process": "tool --mark ' # ' ; rest", "s3": "",
        "other": "last",
      ])
    #expect(section.nested == ["s3": ["addressing_style": "path", "max": "5"]])
  }

  @Test(
    "what is no such file",
    arguments: [
      ("region = x\n", "line 1 of config cannot be understood: it stands before the first section"),
      ("[default]\n\nregion\n", "line 3 of config cannot be understood: it is not NAME = VALUE"),
      ("[default\n", "line 1 of config cannot be understood: the section has no end"),
    ])
  func mistakes(text: String, message: String) async {
    let error = await awsError { _ = try SettingsFile(text, called: "config") }
    #expect(error?.diagnostic.message == message)
    #expect(error?.exitCode == .usage)
  }

  @Test func filesMayBeElsewhereOrMissing() throws {
    let bench = try AWSBench()
    #expect(try bench.settings().profile == nil)
    try bench.scratch.write(["here/c": .file("[profile a]\nx = 1\n"), "s": .file("[a]\nx = 2\ny = 3\n[b]\nz = 4\n")])
    let settings = try bench.settings([
      "AWS_CONFIG_FILE": "~/here/c", "AWS_SHARED_CREDENTIALS_FILE": bench.scratch("s").string, "AWS_PROFILE": "a",
    ])
    #expect(settings.profile?["x"] == "2")
    #expect(settings.profile?["y"] == "3")
    #expect(settings.profileNames == ["a", "b"])
    #expect(try bench.settings(["AWS_DEFAULT_PROFILE": "z", "HOME": ""]).profileName == "z")
  }

  @Test func aFolderIsNoFile() async throws {
    let bench = try AWSBench()
    try Files.createDirectories(bench.scratch(".aws/config"))
    let error = await awsError { _ = try bench.settings() }
    #expect(error?.code == .awsSettings && error?.said.contains("\(bench.scratch(".aws/config"))") == true)
  }

  @Test(
    "commands as a shell splits them",
    arguments: [
      ("a b  c", ["a", "b", "c"]), (#"a "b c" 'd "e'"#, ["a", "b c", #"d "e"#]),
      (#"a\ b "c\"d\n" 'e\f'"#, ["a b", #"c"d\n"#, #"e\f"#]),
      (#"a "" b"#, ["a", "", "b"]), ("", []), ("  ", []),
    ] as [(String, [String])])
  func commands(text: String, words: [String]) { #expect(ProcessCredentials.words(text) == words) }

  @Test(
    "times",
    arguments: [
      ("2015-08-30T12:36:00Z", 1_440_938_160), ("2015-08-30T12:36:00.500Z", 1_440_938_160.5),
      ("2015-08-30T14:36:00+02:00", 1_440_938_160), ("2015-08-30T12:36:00UTC", 1_440_938_160),
      ("2015-08-30T12:36:00.123456+00:00", 1_440_938_160.123), ("soon", nil), ("", nil),
    ] as [(String, Double?)])
  func times(text: String, seconds: Double?) throws {
    let found = TimestampText.secondsSince1970(text)
    #expect((found == nil) == (seconds == nil))
    if let found, let seconds { #expect(abs(found - seconds) < 0.01) }
  }
}
