import Diagnostics
import HostOS
import Sandbox
import SystemPackage
import Testing

/// Limits and shared memory.
@Suite struct SandboxLimitTests {
  @Test(arguments: SandboxLimit.names) func everyLimitIsTheOneOfItsName(_ name: String) async throws {
    let rows = [
      "core": "core file size", "cpu": "cpu time", "data": "data size", "fsize": "file size", "locks": "file locks",
      "memlock": "locked memory", "msgqueue": "msgqueue size", "nice": "nice priority", "nofile": "open files",
      "nproc": "processes", "rss": "resident set", "rtprio": "realtime priority", "rttime": "realtime timeout",
      "sigpending": "pending signals", "stack": "stack size",
    ]
    let root = try BusyboxRoot()
    // Small enough for every host to permit, large enough for a shell. Priorities are 0 where nobody raised them.
    let sizes = [
      "nice": 0, "rtprio": 0, "nofile": 432, "nproc": 4321, "sigpending": 432, "cpu": 432, "locks": 432,
      "msgqueue": 4321, "rttime": 4_321_000, "memlock": 43_210,
    ]
    let value = sizes[name] ?? 43_210_000
    let limit = try SandboxLimit(name: name, soft: Int64(value), hard: Int64(value))
    let run = try await root.shell("cat /proc/self/limits") { $0.limits = [limit] }
    let row = run.lines.first { $0.contains(rows[name] ?? "?") }
    #expect(row?.contains("\(value) ") == true, "\(run.output)")
  }

  @Test func whatTheHostRefusesIsSaid() async throws {
    let root = try BusyboxRoot()
    let limit = try SandboxLimit(name: "nofile", soft: -1, hard: -1)
    let error = await #expect(throws: SandboxError.self) { try await root.shell("true") { $0.limits = [limit] } }
    #expect(error?.diagnostics.first?.message == "cannot set the limit nofile to -1:-1: operation not permitted")
    #expect(error?.help.first?.hasPrefix("ask for less: this host permits") == true)
  }

  @Test(arguments: [("nofiles", 1, 1), ("", 1, 1), ("nofile", 2, 1), ("nofile", -1, 1), ("nofile", -2, 1)])
  func limitsThatMakeNoSenseAreRefused(_ name: String, _ soft: Int64, _ hard: Int64) {
    #expect(throws: SandboxError.self) { try SandboxLimit(name: name, soft: soft, hard: hard) }
  }

  @Test func sharedMemoryHasItsSize() async throws {
    let root = try BusyboxRoot()
    let script = "dd if=/dev/zero of=/dev/shm/a bs=1024 count=200 2>/dev/null && echo fits || echo full"
    #expect(try await root.shell(script).output == "fits\n")
    #expect(try await root.shell(script) { $0.sharedMemorySize = 100 << 10 }.output == "full\n")
  }
}
