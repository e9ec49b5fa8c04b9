import HostOS
import TestSupport
import Testing

@Suite struct ScratchTests {
  @Test func writesTreesAndGoes() async throws {
    let path = try await Scratch.use { scratch in
      try scratch.write(
        [
          "a/b": "text\n", "run": .file("#!/bin/sh\n", mode: 0o755), "link": .symbolicLink("a"),
          "e": .directory(mode: 0o700),
        ], in: "ctx")
      let text = try Files.read(scratch("ctx/link/b"))
      let modes = try [
        FileStatus(of: scratch("ctx/run")).mode, FileStatus(of: scratch("ctx/e")).mode,
      ]
      #expect(text == Array("text\n".utf8))
      #expect(modes == [0o755, 0o700])
      return scratch.path
    }
    #expect(try FileStatus.ifExists(path) == nil)
  }
}
