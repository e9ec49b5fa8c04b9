import Glibc
import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct TreeRemovalTests {
  @Test func removesATreeAndNothingElse() throws {
    let scratch = try Scratch("removal")
    try scratch.write([
      "kept/file": "x", "tree/a/b/c": "", "tree/a/d": .fifo, "tree/out": .symbolicLink("../kept"),
      "tree/e": .directory(),
      "tree/dangling": .symbolicLink("nowhere"), "link": .symbolicLink("kept"), "file": "",
    ])
    for name in ["tree", "link", "file", "absent", "file/below"] { try Files.removeTree(scratch(name)) }
    #expect(try Files.names(in: scratch.path).map(\.string) == ["kept"])
    #expect(try Files.names(in: scratch("kept")).map(\.string) == ["file"])
  }

  /// Commands in images make trees whose paths are longer than any system call takes, and deeper than descriptors last.
  @Test func removesDeepTrees() throws {
    let scratch = try Scratch("removal")
    try Files.createDirectories(scratch("tree"))
    var folder = try #require(Self.open(AT_FDCWD, scratch("tree").string))
    let name = String(repeating: "d", count: 20)
    for _ in 0..<1500 {
      #expect(mkdirat(folder, name, 0o755) == 0)
      let inner = try #require(Self.open(folder, name))
      close(folder)
      folder = inner
    }
    close(folder)
    try Files.removeTree(scratch("tree"))
    #expect(try FileStatus.ifExists(scratch("tree")) == nil)
  }

  private static func open(_ folder: Int32, _ name: String) -> Int32? {
    let descriptor = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    return descriptor < 0 ? nil : descriptor
  }

  /// Root may do so anyway, so a thread without root's rights tries.
  @Test func removesFoldersThatAreClosedToTheirOwner() throws {
    let scratch = try Scratch("removal")
    try scratch.write(["tree/closed/inner/file": "x", "tree/readable/file": ""])
    try Files.setMode(scratch("tree/closed/inner"), 0)
    try Files.setMode(scratch("tree/closed"), 0)
    try Files.setMode(scratch("tree/readable"), 0o500)
    try Files.setMode(scratch("tree"), 0o100)
    if getuid() == 0 {
      for path in [
        "", "tree", "tree/closed", "tree/closed/inner", "tree/closed/inner/file", "tree/readable", "tree/readable/file",
      ] {
        try Files.setOwner(scratch(path), uid: 65_534, gid: 65_534)
      }
    }
    let status = try PlainThread.run { try Files.removeTree(scratch("tree")) }
    #expect(status == nil)
    #expect(try FileStatus.ifExists(scratch("tree")) == nil)
  }

  @Test func removesTheSameTreeFromManyTasks() async throws {
    try await Scratch.use("removal") { scratch in
      for folder in 0..<20 {
        for file in 0..<20 { try scratch.write(["tree/\(folder)/inner/\(file)": ""]) }
      }
      let path = scratch("tree")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 { group.addTask { try await Blocking.run { try Files.removeTree(path) } } }
        try await group.waitForAll()
      }
      #expect(try FileStatus.ifExists(path) == nil)
    }
  }

  @Test func temporaryDirectoriesGoWithTheirValue() throws {
    let scratch = try Scratch("removal")
    let path: FilePath
    do {
      let directory = try TemporaryDirectory(in: scratch.path)
      path = directory.path
      try Files.writeAtomically([1], to: path.appending("file"))
      #expect(try FileStatus(of: path).mode == 0o700)
    }
    #expect(try FileStatus.ifExists(path) == nil)
  }
}

/// A thread without root's rights over files; the kernel keeps them for each thread.
private enum PlainThread {
  /// What the body threw, if it did.
  static func run(_ body: @escaping @Sendable () throws -> Void) throws -> String? {
    let box = Box(body)
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let box = Unmanaged<Box>.fromOpaque(argument).takeUnretainedValue()
        if getuid() == 0 { PlainThread.giveUpFileRights() }
        do { try box.body() } catch { box.failure = "\(error)" }
        return nil
      }, Unmanaged.passUnretained(box).toOpaque())
    guard result == 0 else { throw HostError("start a thread", nil, Errno(rawValue: result)) }
    pthread_join(thread, nil)
    return box.failure
  }

  /// setfsuid(2): file access alone, and of this thread alone. Swift's Glibc does not import it.
  private static func giveUpFileRights() {
    typealias SetID = @convention(c) (UInt32) -> Int32
    guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "setfsuid") else {
      Issue.record("there is no setfsuid")
      return
    }
    _ = unsafeBitCast(symbol, to: SetID.self)(65_534)
  }

  private final class Box {
    let body: @Sendable () throws -> Void
    var failure: String?
    init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }
  }
}
