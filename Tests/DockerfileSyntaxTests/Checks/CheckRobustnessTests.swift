import Diagnostics
import Foundation
import Testing

@testable import DockerfileSyntax
@testable import SyntaxFuzz

/// What the checks do with anything that they are given.
@Suite struct CheckRobustnessTests {
  /// All Dockerfiles of the fixtures, those with errors included.
  static let dockerfiles: [String] = {
    let root = CheckFixtures.repository.appending(path: "fixtures")
    let all = FileManager.default.enumerator(atPath: root.path())?.compactMap { $0 as? String } ?? []
    return all.filter { path in
      let name = URL(filePath: path).lastPathComponent
      return name == "Dockerfile" || name == "Containerfile" || name.hasSuffix(".Dockerfile")
    }.sorted()
  }()

  /// A context in which everything is known, so that every rule looks.
  private static let fullContext: CheckContext = {
    var context = CheckContext()
    for index in 0..<8 {
      context.bases[index] = .init(environment: ["HOME": "/root"], platform: .init(os: "linux", architecture: "arm64"))
    }
    context.ignore = try? DockerIgnore(patterns: ["**", "!src/*.txt"])
    context.options = try? CheckOptions.parse("experimental=all", from: "test").get()
    return context
  }()

  @Test func thereAreDockerfiles() {
    #expect(Self.dockerfiles.count > 150)
  }

  @Test(arguments: dockerfiles)
  func checksEveryDockerfile(_ path: String) throws {
    let url = CheckFixtures.repository.appending(path: "fixtures/\(path)")
    let file = SourceFile(name: path, bytes: [UInt8](try Data(contentsOf: url)))
    for context in [CheckContext(), Self.fullContext] {
      let diagnostics = Dockerfile.parse(file).check(context).diagnostics
      #expect(Set(diagnostics).count == diagnostics.count)
      let text = DiagnosticRenderer().render(diagnostics)
      let codes = diagnostics.map { "[\($0.code)]: " }
      #expect(codes.allSatisfy(text.contains))
    }
  }

  /// Whatever is cut off or damaged, ranges stay inside of the file and nothing traps.
  @Test func damagedFilesAreChecked() throws {
    var random = FuzzNumbers(state: 4711)
    let texts = try Self.dockerfiles.filter { $0.hasPrefix("checks/") }.map {
      [UInt8](try Data(contentsOf: CheckFixtures.repository.appending(path: "fixtures/\($0)")))
    }
    for bytes in texts {
      for _ in 0..<8 where !bytes.isEmpty {
        var damaged = bytes
        let position = Int.random(in: 0..<bytes.count, using: &random)
        damaged[position] = "${}'\"\\# \n=/:A".utf8.randomElement(using: &random) ?? 0
        if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
        let report = Dockerfile.parse(SourceFile(name: "Dockerfile", bytes: damaged)).check(Self.fullContext)
        for range in report.diagnostics.compactMap({ $0.annotation?.range }) {
          #expect(range.upperBound <= damaged.count, "\(String(decoding: damaged, as: UTF8.self))")
        }
      }
    }
  }

  /// Time grows with the length of the file, not with its square.
  @Test(arguments: [
    "ENV A%=1 \n", "ARG A%=1\nENV B%=$A%\n", "COPY $x% /\n", "# check=skip=UndefinedVar\nCOPY $x% /\n", "CMD x\n",
    "FROM scratch AS s%\nENV A=$B\n", "FROM a:$X% AS S%\n", "LABEL a \\\n\n b\n", "ONBUILD COPY $y /\n",
    "ENV A=$A$A\n", "ENV A%=$A%x\n", "FROM scratch AS s%\nENV A%=1\nFROM s%\nENV B%=1\n",
  ])
  func longFilesAreChecked(_ line: String) {
    let lines = (0..<10_000).map { line.replacingOccurrences(of: "%", with: String($0)) }
    let text = "ARG BASE=scratch\nFROM scratch\n" + lines.joined()
    let clock = ContinuousClock()
    let time = clock.measure {
      let report = Dockerfile.parse(SourceFile(name: "Dockerfile", text: text)).check(Self.fullContext)
      #expect(!report.remarks.contains { $0.severity == .error })
    }
    #expect(time < .seconds(30))
  }

  /// One instruction of any length and depth is read as well, and neither exhausts the stack nor the memory.
  @Test(arguments: [
    ("ONBUILD ", "RUN <<E"), ("ENV A=", "${A:-"), ("${A#", "ENV A=x"), ("[", "CMD "), (" <<E", "COPY"),
    ("$A", "ENV B="),
    (" --mount=type=cache", "RUN"), ("\"'", "ENV A="), (" \\\n", "RUN"), ("**/", "COPY "), (" a=b", "LABEL"),
  ])
  func longInstructionsAreChecked(_ repeated: String, _ start: String) {
    let text = "FROM scratch\nENV A=\(String(repeating: "x", count: 4000))\n"
    for line in [
      start + String(repeating: repeated, count: 10_000), String(repeating: repeated, count: 10_000) + start,
    ] {
      let report = Dockerfile.parse(SourceFile(name: "Dockerfile", text: text + line + "\n")).check(Self.fullContext)
      #expect(DiagnosticRenderer().render(report.diagnostics).utf8.count < 30_000_000)
    }
  }

  // MARK: Parts

  @Test(arguments: [
    ("alpine", true), ("alpine:3.20", true), ("docker.io/library/alpine", true), ("localhost:5000/a/b:c", true),
    ("localhost/a", true), ("Example.org/a", true), ("[::1]:5000/a", true), ("a/b__c/d-e--f.g", true),
    ("alpine@sha256:" + String(repeating: "a", count: 64), true), ("a:" + String(repeating: "x", count: 128), true),
    ("", false), ("alpine:", false), (":latest", false), ("Alpine", false), ("a/B", false), ("a//b", false),
    ("a_-b", false), ("-a", false), ("a-", false), ("a___b", false), ("a..b", false), ("/a", false), ("a/", false),
    ("a:-x", false), ("a:b:c", false), ("a@sha256:abc", false), ("a b", false),
    ("a:" + String(repeating: "x", count: 129), false),
    (String(repeating: "a", count: 64), false), ("localhost:/a", false), ("a:5x/b", false), ("[::1/a", false),
  ])
  func knowsImageNames(_ text: String, _ isValid: Bool) {
    #expect(ImageNameGrammar.accepts(text) == isValid)
  }

  @Test(arguments: [
    ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("Linux/AARCH64/v8", "linux/arm64/v8"),
    ("arm64", "darwin/arm64"), ("windows", "windows/ppc64le"), ("macos/amd64", "darwin/amd64"), ("", nil),
    ("linux/", nil), ("a/b/c/d", nil), ("linux/am d", nil),
  ])
  func readsPlatforms(_ text: String, _ expected: String?) {
    let defaults = CheckPlatform(os: "darwin", architecture: "ppc64le", variant: "v1")
    #expect(CheckPlatform(text, defaults: defaults)?.description == expected)
  }

  @Test(arguments: [
    ("skip=all", true), ("skip=StageNameCasing", true), ("skip=StageNameCasing,FromAsCasing;error=1", false),
    ("", false), ("error", false), ("skip=all;error=F", true),
  ])
  func readsGivenOptions(_ text: String, _ skipsAloneAreThere: Bool) {
    let result = CheckOptions.parse(text, from: "BUILDKIT_DOCKERFILE_CHECK")
    let options = result.value
    #expect((options.map { $0.skip != .init() && !$0.treatsFindingsAsErrors } ?? false) == skipsAloneAreThere)
    #expect((options == nil) == (text == "error"))
    #expect(result.diagnostics.allSatisfy { $0.annotation?.file.name == "BUILDKIT_DOCKERFILE_CHECK" })
  }
}
