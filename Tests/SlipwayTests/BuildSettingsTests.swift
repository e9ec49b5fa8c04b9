import BuildPlanning
import Diagnostics
import HostOS
import OCI
import SystemPackage
import Testing

@testable import Slipway

@Suite struct BuildSettingsTests {
  private func settings(
    _ environment: Environment = [:], _ change: (inout BuildRequest) -> Void
  ) throws -> BuildSettings {
    var request = BuildRequest(context: ".")
    change(&request)
    return try BuildSettings(request, environment)
  }

  @Test func argumentsComeFromTheCommandLineOrTheEnvironment() throws {
    let settings = try settings(["TOKEN": "t", "OTHER": "o"]) { request in
      request.buildArguments = ["A=1", "B=x=y", "EMPTY=", "TOKEN", "MISSING"]
    }
    #expect(settings.options.arguments == ["A": "1", "B": "x=y", "EMPTY": "", "TOKEN": "t"])
  }

  @Test func theEpochIsABuildArgumentBeforeItIsAVariable() throws {
    #expect(try settings { _ in }.epoch == nil)
    #expect(try settings(["SOURCE_DATE_EPOCH": "7"]) { _ in }.epoch == Timestamp(seconds: 7))
    let both = try settings(["SOURCE_DATE_EPOCH": "7"]) { $0.buildArguments = ["SOURCE_DATE_EPOCH=8"] }
    #expect(both.epoch == Timestamp(seconds: 8))
  }

  @Test func pushingIsAnOutput() throws {
    let settings = try settings { request in
      request.tags = ["localhost:5000/app"]
      request.pushes = true
    }
    let name = ImageReference(registry: "localhost:5000", repository: "app", tag: "latest")
    #expect(settings.outputs.map(\.kind) == [.registry([name])])
  }

  static let mistakes: [(String, @Sendable (inout BuildRequest) -> Void)] = [
    ("invalid-reference", { $0.tags = ["Upper/Case"] }),
    ("invalid-tag", { $0.tags = ["app@sha256:" + String(repeating: "0", count: 64)] }),
    ("invalid-pair", { $0.buildArguments = ["=x"] }),
    ("invalid-pair", { $0.buildArguments = [""] }),
    ("invalid-pair", { $0.labels = ["novalue"] }),
    ("nothing-to-push", { $0.pushes = true }),
    ("several-platforms", { $0.platform = "linux/amd64,linux/arm64" }),
    ("invalid-platform", { $0.platform = "linux//amd64" }),
    ("invalid-network", { $0.network = "bridge" }),
    ("invalid-epoch", { $0.buildArguments = ["SOURCE_DATE_EPOCH=yesterday"] }),
    ("invalid-output", { $0.outputs = ["type=none"] }),
  ]

  @Test(arguments: mistakes.indices)
  func mistakesAreUsageErrors(_ index: Int) throws {
    let (code, change) = Self.mistakes[index]
    let thrown = #expect(throws: (any Error).self) { _ = try settings { change(&$0) } }
    let error = try #require(thrown as? any DiagnosticError)
    #expect(error.diagnostics.map(\.code.rawValue) == [code])
    #expect(error.exitCode == .usage)
    #expect(error.diagnostics.allSatisfy { !$0.help.isEmpty })
  }
}
