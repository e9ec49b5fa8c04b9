import Archive
import HostOS
import Images
import SystemPackage
import TestSupport
import Testing

struct ExportTargetTests {
  private struct Failure: Error {}
  private let scratch: Scratch

  init() throws { scratch = try Scratch("export") }

  @Test func fileAppearsWhenItIsComplete() throws {
    let target = scratch("image.tar")
    try ExportTarget.file(target).write { sink in
      try Self.write("content", to: sink)
      let status = try FileStatus.ifExists(target)
      #expect(status == nil)
    }
    #expect(try Files.read(target) == Array("content".utf8))
    #expect(try Files.names(in: scratch.path).map(\.string) == ["image.tar"])
  }

  @Test(arguments: [nil, "old"])
  func nothingIsLeftAndNothingLostOnFailure(_ old: String?) throws {
    let target = scratch("image.tar")
    if let old { try scratch.write(["image.tar": .file(old)]) }
    #expect(throws: Failure.self) {
      try ExportTarget.file(target).write { sink in
        try Self.write("half", to: sink)
        throw Failure()
      }
    }
    #expect(try Files.names(in: scratch.path).map(\.string) == (old == nil ? [] : ["image.tar"]))
    if let old { #expect(try Files.read(target) == Array(old.utf8)) }
  }

  /// As /dev/null, which root could replace.
  @Test func aPipeIsWrittenToAndStays() async throws {
    try scratch.write(["pipe": .fifo])
    async let read = Tool.output("cat", [scratch("pipe").string])
    try ExportTarget.file(scratch("pipe")).write { try Self.write("content", to: $0) }
    #expect(try await read == "content")
    async let answer = Tool.output("cat", [scratch("pipe").string])
    try Files.writeAnswer(Array("answer".utf8), to: scratch("pipe"))
    #expect(try await answer == "answer")
    #expect(try FileStatus(of: scratch("pipe")).kind == .fifo)
    #expect(try Files.names(in: scratch.path).map(\.string) == ["pipe"])
  }

  @Test func missingFolderIsAnError() {
    #expect(throws: HostError.self) {
      try ExportTarget.file(scratch("none/image.tar")).write { _ in Issue.record("nothing can be written") }
    }
  }

  private static func write(_ text: String, to sink: any ByteSink) throws {
    var sink = sink
    try Array(text.utf8).withUnsafeBytes { try sink.write($0) }
  }
}
