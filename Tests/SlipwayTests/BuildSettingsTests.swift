import BuildPlanning
import Builder
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
    // Commands can see it, as with buildx.
    #expect(try settings(["SOURCE_DATE_EPOCH": "7"]) { _ in }.options.arguments["SOURCE_DATE_EPOCH"] == "7")
  }

  @Test func theTimeHasOneSource() throws {
    let environment: Environment = ["SOURCE_DATE_EPOCH": "7"]
    let flag = try settings(environment) { $0.timestamp = "1970-01-01T01:00:08+01:00" }
    #expect(flag.epoch == Timestamp(seconds: 8))
    #expect(flag.options.arguments["SOURCE_DATE_EPOCH"] == "8")
    #expect(try settings { $0.timestamp = "0" }.epoch == Timestamp(seconds: 0))
    #expect(try settings(environment) { $0.isReproducible = true }.timing == .fixed(Timestamp(seconds: 7)))
    #expect(try settings { $0.isReproducible = true }.timing == .ofCommit)
    let unset = try settings(environment) { $0.buildArguments = ["SOURCE_DATE_EPOCH="] }
    #expect(unset.timing == BuildEpoch.none)
  }

  @Test func theTimeOfTheCommitComesLater() async throws {
    let settings = try settings { $0.isReproducible = true }
    #expect(settings.epoch == nil)
    let known = try await settings.knowingEpoch { Timestamp(seconds: 9) }
    #expect(known.epoch == Timestamp(seconds: 9) && known.checkoutTime == known.epoch)
    #expect(known.options.arguments["SOURCE_DATE_EPOCH"] == "9")
  }

  @Test func timestampsAreRewrittenWhereThereIsATime() throws {
    let output = "type=oci,dest=x,rewrite-timestamp=true"
    #expect(try settings { ($0.outputs, $0.timestamp) = ([output], "0") }.outputs[0].rewritesTimestamps == true)
    #expect(try settings { ($0.outputs, $0.isReproducible) = ([output], true) }.timing == .ofCommit)
    #expect(try settings { $0.outputs = ["type=oci,dest=x,rewrite-timestamp=0"] }.epoch == nil)
  }

  @Test func pushingIsAnOutput() throws {
    let settings = try settings { request in
      request.tags = ["localhost:5000/app"]
      request.pushes = true
    }
    let name = ImageReference(registry: "localhost:5000", repository: "app", tag: "latest")
    #expect(settings.outputs.map(\.kind) == [.registry([name])])
  }

  @Test func platformsMayBeInOneTextOrSeveral() throws {
    let settings = try settings { $0.platforms = ["linux/amd64,linux/arm64/v8", "linux/arm64", "linux/arm/v7"] }
    #expect(settings.options.platforms.map(\.description) == ["linux/amd64", "linux/arm64", "linux/arm/v7"])
  }

  @Test func annotationsHaveLevelsAndPlatforms() throws {
    let settings = try settings { request in
      request.platforms = ["linux/amd64,linux/arm64"]
      request.annotations = [
        "plain=1", "index,manifest[linux/arm64]:both=2", "com.example:odd=3", "manifest-descriptor:d=4",
      ]
    }
    let (amd64, arm64) = (Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "arm64"))
    #expect(settings.annotations[.manifest, amd64] == ["plain": "1", "com.example:odd": "3"])
    #expect(settings.annotations[.manifest, arm64] == ["plain": "1", "com.example:odd": "3", "both": "2"])
    #expect(settings.annotations[.index, nil] == ["both": "2"])
    #expect(settings.annotations[.manifestDescriptor, amd64] == ["d": "4"])
    #expect(settings.annotations[.indexDescriptor, nil] == nil)
  }

  @Test func surroundingsOfCommands() throws {
    let settings = try settings { request in
      request.hosts = ["db:10.0.0.7", "v6=::1", "old:[fe80::1]"]
      request.sharedMemorySize = "64m"
      request.limits = ["nofile=1024:4096", "nproc=-1", "core=0"]
    }
    let surroundings = settings.options.surroundings
    #expect(surroundings.hosts.map(\.name) == ["db", "v6", "old"])
    #expect(surroundings.hosts.map(\.address) == ["10.0.0.7", "::1", "fe80::1"])
    #expect(surroundings.sharedMemorySize == 64 << 20)
    #expect(surroundings.limits.map(\.soft) == [1024, -1, 0])
    #expect(surroundings.limits.map(\.hard) == [4096, -1, 0])
  }

  static let mistakes: [(String, @Sendable (inout BuildRequest) -> Void)] = [
    ("invalid-reference", { $0.tags = ["Upper/Case"] }),
    ("invalid-tag", { $0.tags = ["app@sha256:" + String(repeating: "0", count: 64)] }),
    ("invalid-pair", { $0.buildArguments = ["=x"] }),
    ("invalid-pair", { $0.buildArguments = [""] }),
    ("invalid-pair", { $0.labels = ["novalue"] }),
    ("nothing-to-push", { $0.pushes = true }), ("nothing-to-push", { $0.repositoryCreation = "default" }),
    ("invalid-ecr-create", { $0.repositoryCreation = "x" }),
    ("invalid-platform", { $0.platforms = ["linux//amd64"] }),
    ("invalid-platform", { $0.platforms = ["linux/amd64,"] }),
    (
      "several-images",
      {
        $0.platforms = ["linux/amd64,linux/arm64"]
        $0.outputs = ["type=docker,dest=a.tar"]
      }
    ),
    ("invalid-annotation", { $0.annotations = ["novalue"] }),
    ("invalid-annotation", { $0.annotations = ["=x"] }),
    ("invalid-annotation", { $0.annotations = ["manifest:=x"] }),
    ("invalid-annotation", { $0.annotations = ["manifest,layer:a=b"] }),
    ("invalid-annotation", { $0.annotations = ["manifest[linux/s390x]:a=b"] }),
    ("invalid-platform", { $0.annotations = ["manifest[]:a=b"] }),
    ("annotation-without-index", { $0.annotations = ["index:a=b"] }),
    ("invalid-host", { $0.hosts = ["db"] }),
    ("invalid-host", { $0.hosts = ["db:10.0.0"] }),
    ("invalid-host", { $0.hosts = ["db=host-gateway"] }),
    ("invalid-host", { $0.hosts = ["d b:10.0.0.1"] }),
    ("invalid-size", { $0.sharedMemorySize = "much" }),
    ("invalid-limit", { $0.limits = ["nofile"] }),
    ("invalid-limit", { $0.limits = ["nofile=a"] }),
    ("invalid-limit", { $0.limits = ["nofil=1"] }),
    ("invalid-limit", { $0.limits = ["nofile=2:1"] }),
    ("invalid-isolation", { $0.isolation = "vm" }),
    ("invalid-duration", { $0.runTimeout = "10" }),
    ("invalid-duration", { $0.runTimeout = "0s" }),
    ("invalid-duration", { $0.runTimeout = "-1m" }),
    ("invalid-network", { $0.network = "bridge" }),
    ("invalid-epoch", { $0.buildArguments = ["SOURCE_DATE_EPOCH=yesterday"] }),
    ("invalid-epoch", { ($0.buildArguments, $0.timestamp) = (["SOURCE_DATE_EPOCH=-1"], "0") }),
    ("invalid-timestamp", { $0.timestamp = "yesterday" }),
    ("invalid-timestamp", { $0.timestamp = "-1" }),
    ("invalid-timestamp", { $0.timestamp = "253402300800" }),
    ("invalid-timestamp", { $0.timestamp = "2023-02-29T00:00:00Z" }),
    ("epoch-conflict", { ($0.timestamp, $0.isReproducible) = ("0", true) }),
    ("epoch-conflict", { ($0.buildArguments, $0.timestamp) = (["SOURCE_DATE_EPOCH=1"], "0") }),
    ("invalid-output", { $0.outputs = ["type=oci,dest=x,rewrite-timestamp=true"] }),
    ("invalid-output", { ($0.outputs, $0.timestamp) = (["type=oci,dest=x,rewrite-timestamp=false"], "0") }),
    ("invalid-output", { ($0.outputs, $0.timestamp) = (["type=oci,dest=x,rewrite-timestamp=yes"], "0") }),
    ("invalid-output", { ($0.outputs, $0.timestamp) = (["type=local,dest=x,rewrite-timestamp=true"], "0") }),
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
