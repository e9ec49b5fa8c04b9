import HostOS
import SystemPackage
import Testing

@Suite struct FilePathBytesTests {
  @Test(arguments: [Array("/a/b".utf8), [0x2F, 0xFF, 0xFE, 0x2F, 0x80], Array("relative".utf8), []])
  func keepsBytes(_ bytes: [UInt8]) {
    #expect(FilePath(bytes: bytes).bytes == bytes)
  }

  @Test func endsAtAZero() {
    #expect(FilePath(bytes: [0x61, 0, 0x62]).bytes == [0x61])
  }

  @Test func keepsBytesOfComponents() {
    #expect(FilePath(bytes: [0x2F, 0xFF, 0x2F, 0xC3]).components.map(\.bytes) == [[0xFF], [0xC3]])
  }
}
