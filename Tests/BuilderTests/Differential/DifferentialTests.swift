import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// The same Dockerfiles by BuildKit and by `slipway build`: configuration, history and files have to be the same, or a
/// fixture says why not.
///
/// BuildKit is that of this machine's dockerd, or what was recorded of a newer one. To record anew, give the cases that
/// have a `recorded.json` to a docker of 28.3 or later with a buildx of its time, whose daemon keeps its images in the
/// containerd image store (only there does COPY --link what it says):
///
///     SLIPWAY_RECORD=1 DOCKER_HOST=unix:///path/to/docker.sock swift test --filter DifferentialTests
@Suite(.serialized) struct DifferentialTests {
  @Test(.timeLimit(.minutes(20))) func buildsAreThoseOfBuildKit() async throws {
    let names = try DifferentialCase.names()
    #expect(names.count >= 400)
    try await DifferentialBench.run { bench in
      let base = try await bench.baseRecord()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (position, name) in names.enumerated() {
          // One after the other: BuildKit shares steps among the builds that it runs at once, with the times of files.
          let example = try await DifferentialCase(name, in: bench.folder(name))
          let reference = try await Self.reference(for: example, bench, base)
          if position >= 3 { try await group.next() }
          group.addTask { try await Self.compare(example, with: reference, bench, base) }
        }
        try await group.waitForAll()
      }
      try await Self.expectDifference(bench, base)
    }
  }

  private static func reference(
    for example: DifferentialCase, _ bench: DifferentialBench, _ base: BuildRecord
  ) async throws -> BuildRecord {
    guard example.isRecorded else { return try await bench.buildKit(example) }
    if DifferentialBench.isRecording {
      try example.record(try await bench.buildKit(example, by: .recorder).relative(to: base))
    }
    return try example.recording()
  }

  private static func compare(
    _ example: DifferentialCase, with reference: BuildRecord, _ bench: DifferentialBench, _ base: BuildRecord
  ) async throws {
    var ours = try await bench.slipway(example, at: example.context)
    if example.isRecorded { ours = ours.relative(to: base) }
    for complaint in complaints(BuildRecord.differences(reference, ours), example.meantDifferences) {
      Issue.record("\(example.name): \(complaint)")
    }
    // All of them together are some gigabytes.
    try Files.removeTree(bench.folder(example.name))
  }

  /// What is neither the same nor meant to differ, and what is meant to differ but does not.
  private static func complaints(_ differences: [String: String], _ meant: Set<String>) -> [String] {
    differences.sorted { $0.key < $1.key }.filter { !meant.contains($0.key) }.map { "\($0.key): \($0.value)" }
      + meant.sorted().filter { differences[$0] == nil }.map {
        "\($0) is the same, although its file says that it differs"
      }
  }

  /// The comparison itself has to find a changed file and a changed setting, with the daemon and with a recording.
  private static func expectDifference(_ bench: DifferentialBench, _ base: BuildRecord) async throws {
    let example = try await DifferentialCase("label-argument", in: bench.folder("self-test"))
    let changed = bench.folder("self-test-changed")
    try await Tool.run("cp", ["-R", example.context.string, changed.string])
    let line = "RUN echo changed >/etc/os-release && chmod 700 /tmp && rm /etc/group\nENV CHANGED=1\n"
    try await Tool.run("sh", ["-c", "printf '%s' \"$1\" >>Dockerfile", "sh", line], in: changed)
    let ours = try await bench.slipway(example, at: changed)
    let keys = ["/etc/group", "/etc/os-release", "/tmp", "config Env", "history 2", "history 3", "layers"]
    let differences = BuildRecord.differences(try await bench.buildKit(example), ours)
    #expect(differences.keys.sorted() == keys)
    let recording = try await bench.slipway(example, at: example.context).relative(to: base)
    #expect(BuildRecord.differences(recording, ours.relative(to: base)).keys.sorted() == keys)
    #expect(complaints(differences, Set(keys + ["/etc/passwd"])).count == 1)
  }

  // MARK: The comparison by itself

  private static let files = ["/f": "file 644 0:0 aa", "/l": "link x"]
  private static let built = BuildRecord(settings: ["config Env": "[]"], files: files)

  @Test(arguments: [
    (BuildRecord(settings: ["config Env": "[]"], files: files), []),
    (BuildRecord(files: files), ["config Env"]),
    (BuildRecord(settings: ["config Env": "[]", "config User": "app"], files: files), ["config User"]),
    (BuildRecord(settings: ["config Env": "[\"A=1\"]"], files: files), ["config Env"]),
    (BuildRecord(settings: ["config Env": "[]"], files: ["/f": "file 644 0:0 aa"]), ["/l"]),
    (BuildRecord(settings: ["config Env": "[]"], files: ["/f": "file 644 0:0 bb", "/l": "link x"]), ["/f"]),
    (BuildRecord(settings: ["config Env": "[]"], files: ["/f": "file 600 0:0 aa", "/l": "link y"]), ["/f", "/l"]),
    (.failure, ["outcome"]),
  ])
  func comparisonFindsDifferences(_ other: BuildRecord, _ keys: [String]) {
    #expect(BuildRecord.differences(Self.built, other).keys.sorted() == keys)
    #expect(BuildRecord.differences(other, Self.built).keys.sorted() == keys)
    #expect(BuildRecord.differences(other, other).isEmpty)
  }

  @Test func recordingsHoldOnlyWhatIsNotOfTheBase() {
    let base = BuildRecord(files: ["/a": "folder", "/a/b": "file 1", "/c": "file 2", "/d": "file 3"])
    let built = BuildRecord(settings: ["os": "linux"], files: ["/c": "file 2", "/d": "file 4", "/e": "file 5"])
    let relative = built.relative(to: base)
    #expect(relative.files == ["/a": "gone", "/d": "file 4", "/e": "file 5"])
    #expect(relative.settings == built.settings)
    #expect(BuildRecord.failure.relative(to: base) == .failure)
  }
}
