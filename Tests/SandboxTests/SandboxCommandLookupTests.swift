import Diagnostics
import HostOS
import Sandbox
import SystemPackage
import Testing

@Suite struct SandboxCommandLookupTests {
  @Test func looksInThePathOfTheCommand() async throws {
    let root = try BusyboxRoot()
    try root.write("#!/bin/sh\necho first\n", to: "opt/one/tool", mode: 0o755)
    try root.write("#!/bin/sh\necho second\n", to: "opt/two/tool", mode: 0o755)
    try root.write("not a program\n", to: "opt/none/tool")
    let run = try await root.run(["tool"]) { $0.environment = ["PATH=/opt/none:/missing:/opt/two:/opt/one"] }
    #expect(run.output == "second\n")
  }

  @Test func withoutAPathTheUsualOneIsTaken() async throws {
    let root = try BusyboxRoot()
    #expect(try await root.run(["echo", "a b", ""]) { $0.environment = [] }.output == "a b \n")
  }

  @Test(arguments: ["nothere", "/bin/nothere", "/data/file/x", "./nothere"])
  func namesACommandThatIsNotThere(_ name: String) async throws {
    let root = try BusyboxRoot()
    let error = await #expect(throws: SandboxError.self) { try await root.run([name]) }
    let tried = name == "nothere" ? ["/usr/bin/nothere", "/bin/nothere"] : [name]
    #expect(error?.cause == .commandNotFound(name, tried: tried))
    #expect(error?.shellCode == 127)
  }

  @Test func tellsAMissingInterpreterFromAMissingCommand() async throws {
    let root = try BusyboxRoot()
    try root.write("#!/bin/bash\r\necho\n", to: "bin/script", mode: 0o755)
    let error = await #expect(throws: SandboxError.self) { try await root.run(["script"]) }
    #expect(error?.cause == .interpreterNotFound("/bin/script"))
    #expect(error?.shellCode == 127)
  }

  @Test(arguments: [
    ("/data/file", "permission"), ("/data", "directory"), ("/bin/noformat", "exec format"),
  ])
  func namesWhatCannotBeExecuted(_ name: String, _ words: String) async throws {
    let root = try BusyboxRoot()
    try root.write("echo without a first line\n", to: "bin/noformat", mode: 0o755)
    let error = await #expect(throws: SandboxError.self) { try await root.run([name]) }
    guard case .commandNotExecutable(let path, _)? = error?.cause else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path == name)
    #expect(error?.shellCode == 126)
    #expect(error?.diagnostics.first?.message.contains(words) == true)
  }

  @Test func refusesWhatMakesNoSense() async throws {
    let root = try BusyboxRoot()
    for change: (inout SandboxCommand) -> Void in [
      { $0.arguments = [] }, { $0.arguments = [""] }, { $0.arguments = ["a\0b"] }, { $0.environment = ["A=\0"] },
      { $0.workingDirectory = "relative" }, { $0.hostName = String(repeating: "h", count: 65) },
      { $0.mounts = [SandboxMount(.tmpfs(size: 1), at: "relative")] },
    ] {
      let error = await #expect(throws: SandboxError.self) { try await root.run(["true"], change) }
      guard case .invalid? = error?.cause else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func aMissingWorkingFolderIsNamed() async throws {
    let root = try BusyboxRoot()
    let error = await #expect(throws: SandboxError.self) {
      try await root.run(["true"]) { $0.workingDirectory = "/not/there" }
    }
    #expect(error?.description.contains("enter the working folder /not/there") == true)
    #expect(try root.changes() == [])
  }
}
