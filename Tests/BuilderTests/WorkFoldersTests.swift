import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import Builder

struct WorkFoldersTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch("work") }

  @Test func foldersOfThisProcessStayAndThoseOfDeadOnesGo() throws {
    // As a process that was killed leaves it: the lock is there, and nobody holds it.
    try scratch.write(["left/.lock": "", "left/upper/file": "x", "older/file": "x"], in: "work")
    let first = try WorkFolders.make(in: scratch("work"))
    let second = try WorkFolders.make(in: scratch("work"))
    #expect(first != second)
    let names = [first, second].compactMap(\.lastComponent?.string).sorted()
    #expect(try Files.names(in: scratch("work")).map(\.string) == names)
  }

  @Test func foldersOfOtherProcessesStay() async throws {
    try scratch.write(["other/.lock": "", "other/file": "x"], in: "work")
    let lock = scratch("work/other/.lock").string
    let ready = scratch("ready").string
    try await Tool.run("mkfifo", [ready])
    // Holds the lock until its input ends, which is when the second line of the test below has been read.
    async let holder = Tool.attempt("flock", [lock, "sh", "-c", "echo >\"$0\"; cat \"$0\"", ready])
    _ = try await Tool.output("cat", [ready])
    _ = try WorkFolders.make(in: scratch("work"))
    #expect(try FileStatus.ifExists(scratch("work/other/file")) != nil)
    try await Tool.run("sh", ["-c", "echo >\"$0\"", ready])
    #expect(try await holder.succeeded)
  }
}
