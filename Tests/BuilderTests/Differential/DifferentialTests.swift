import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

/// The same Dockerfiles by BuildKit (that of Debian's dockerd) and by `slipway build`: configuration and files have to
/// be the same, or a fixture says why not.
@Suite(.serialized) struct DifferentialTests {
  @Test(.timeLimit(.minutes(10))) func buildsAreThoseOfBuildKit() async throws {
    let names = try DifferentialCase.names()
    #expect(names.count >= 40)
    try await DifferentialBench.run { bench in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (position, name) in names.enumerated() {
          if position >= 3 { try await group.next() }
          group.addTask { try await Self.compare(name, bench) }
        }
        try await group.waitForAll()
      }
      try await Self.expectDifference(bench)
    }
  }

  private static func compare(_ name: String, _ bench: DifferentialBench) async throws {
    let example = try await DifferentialCase(name, in: bench.folder(name))
    let differences = BuildRecord.differences(
      try await bench.buildKit(example, at: example.context), try await bench.slipway(example, at: example.context))
    for (key, what) in differences.sorted(by: { $0.key < $1.key }) where !example.meantDifferences.contains(key) {
      Issue.record("\(name): \(key): \(what)")
    }
    for key in example.meantDifferences.sorted() where differences[key] == nil {
      Issue.record("\(name): \(key) is the same, although its file says that it differs")
    }
  }

  /// The comparison itself has to find a changed file and a changed setting.
  private static func expectDifference(_ bench: DifferentialBench) async throws {
    let example = try await DifferentialCase("label-argument", in: bench.folder("self-test"))
    let changed = bench.folder("self-test-changed")
    try await Tool.run("cp", ["-R", example.context.string, changed.string])
    let line = "RUN echo changed >/etc/os-release && chmod 700 /tmp && rm /etc/group\nENV CHANGED=1\n"
    try await Tool.run("sh", ["-c", "printf '%s' \"$1\" >>Dockerfile", "sh", line], in: changed)
    let differences = BuildRecord.differences(
      try await bench.buildKit(example, at: example.context), try await bench.slipway(example, at: changed))
    #expect(differences.keys.sorted() == ["/etc/group", "/etc/os-release", "/tmp", "config Env"])
  }

  // MARK: The comparison by itself

  private static let files = ["/f": "file 644 0:0 aa", "/l": "link x"]
  private static let built = BuildRecord.built(settings: ["config Env": "[]"], files: files)

  @Test(arguments: [
    (BuildRecord.built(settings: ["config Env": "[]"], files: files), []),
    (.built(settings: [:], files: files), ["config Env"]),
    (.built(settings: ["config Env": "[]", "config User": "app"], files: files), ["config User"]),
    (.built(settings: ["config Env": "[\"A=1\"]"], files: files), ["config Env"]),
    (.built(settings: ["config Env": "[]"], files: ["/f": "file 644 0:0 aa"]), ["/l"]),
    (.built(settings: ["config Env": "[]"], files: ["/f": "file 644 0:0 bb", "/l": "link x"]), ["/f"]),
    (.built(settings: ["config Env": "[]"], files: ["/f": "file 600 0:0 aa", "/l": "link y"]), ["/f", "/l"]),
    (.failed(message: "no"), ["outcome"]),
  ])
  func comparisonFindsDifferences(_ other: BuildRecord, _ keys: [String]) {
    #expect(BuildRecord.differences(Self.built, other).keys.sorted() == keys)
    #expect(BuildRecord.differences(other, Self.built).keys.sorted() == keys)
    #expect(BuildRecord.differences(other, other).isEmpty)
  }
}
