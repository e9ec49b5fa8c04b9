import BuildPlanning
import Glibc
import HostOS
import TestSupport
import Testing

@Suite struct FileModeChangeTests {
  static let changes = [
    "0", "644", "0755", "7777", "00007", "u+x", "g-w", "o=", "a=rx", "+x", "-w", "=r", "u=rwX,go=rX", "u=rwx,g=rx,o=r",
    "ug+s", "u+s", "g+s", "o+s", "-s", "a+t", "o+t", "u+t", "+t", "-t", "o=t", "a+X", "u-x,a+X", "g=u", "o=g", "u=o",
    "go+u",
    "u-g", "uo=g", "a=u", "=u", "u=rw+x", "u+rw-x", "g+", "o-", "u=", "=", "ugo=rwx", "u+x,u-x", "o=w,u=o", "u=s",
    "g=xs",
    "a=st",
  ]
  static let modes: [UInt16] = [0o000, 0o644, 0o755, 0o600, 0o4755, 0o2750, 0o1777, 0o7777, 0o111, 0o246]

  /// Files only: on folders chmod keeps set-group-id where the number does not name it, and BuildKit does not.
  @Test func agreesWithChmod() async throws {
    try await Scratch.use("mode") { scratch in
      // One shell for all, with no umask, which would take bits off changes without `u`, `g`, `o` or `a`.
      var script = "umask 0\n"
      for (row, change) in Self.changes.enumerated() {
        for mode in Self.modes {
          let name = "\(row)-\(mode)"
          script += "touch \(name); chmod \(String(mode, radix: 8)) \(name); chmod -- '\(change)' \(name)\n"
        }
      }
      try await Tool.run("sh", ["-e"], in: scratch.path, input: Array(script.utf8))
      for (row, change) in Self.changes.enumerated() {
        let parsed = try #require(FileModeChange(change), "\(change)")
        for mode in Self.modes {
          let real = try FileStatus(of: scratch("\(row)-\(mode)")).mode
          let ours = parsed.apply(to: mode, isDirectory: false)
          #expect(
            ours == real,
            "\(change) of \(String(mode, radix: 8)): \(String(ours, radix: 8)), chmod: \(String(real, radix: 8))")
        }
      }
    }
  }

  @Test(
    arguments: [("a+X", 0o644, 0o755), ("u=rwX,go=rX", 0, 0o755), ("755", 0o2777, 0o755), ("+X", 0, 0o111)]
      as [(String, UInt16, UInt16)])
  func treatsFoldersAsExecutable(_ change: String, _ mode: UInt16, _ result: UInt16) throws {
    #expect(try #require(FileModeChange(change)).apply(to: mode, isDirectory: true) == result)
  }

  @Test(arguments: [
    "", "u", "8", "10000", "99999999999999999999", "u+q", ",", "u+x,", ",u+x", "x", "u x", "0x1", "-1", "a", "u=gw",
    "+-1", "\u{FF11}",
  ])
  func refuses(_ text: String) {
    #expect(FileModeChange(text) == nil)
  }

  @Test(arguments: ["8", "u+q", "u", "u+x,", "x", "u=gw"])
  func refusesWhatChmodRefuses(_ text: String) async throws {
    try await Scratch.use("mode") { scratch in
      try scratch.write(["file": ""])
      #expect(try await Tool.attempt("chmod", ["--", text, "file"], in: scratch.path).status != 0)
    }
  }

  @Test func keepsItsText() {
    #expect(FileModeChange("u=rwX,go-w")?.text == "u=rwX,go-w")
  }
}
