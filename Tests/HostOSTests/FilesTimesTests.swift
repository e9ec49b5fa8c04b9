import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct FilesTimesTests {
  @Test func setsTheTimeOfWhatItNames() async throws {
    try await Scratch.use { scratch in
      try scratch.write(["file": "x", "folder/a": "", "link": .symbolicLink("file")])
      let before = try FileStatus(of: scratch("file")).modificationTime
      for (number, name) in ["link", "folder"].enumerated() {
        let time = Timestamp(seconds: Int64(1_000 + number), nanoseconds: 5)
        try Files.setTime(scratch(name), time)
        #expect(try FileStatus(of: scratch(name)).modificationTime == time)
      }
      #expect(try FileStatus(of: scratch("file")).modificationTime == before)
      let error = #expect(throws: HostError.self) { try Files.setTime(scratch("none"), Timestamp(seconds: 0)) }
      #expect(error?.errno == .noSuchFileOrDirectory)
    }
  }
}
