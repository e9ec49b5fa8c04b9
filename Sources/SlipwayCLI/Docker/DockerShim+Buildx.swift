import Diagnostics
import DockerCommandLine
import GoTemplate
import HostOS
import OCI
import Slipway

/// `docker buildx`, beside builds: there is one builder, which is this program.
extension DockerShim {
  func createBuilder() { say(invocation["name"] ?? "default") }

  func inspectBuilder() {
    let name = invocation.arguments.first ?? invocation["builder"] ?? "default"
    Self.write(
      """
      Name:          \(name)
      Driver:        slipway
      Last Activity: \(Timestamp.now.rfc3339)

      Nodes:
      Name:             \(name)
      Endpoint:         local
      Status:           running
      BuildKit version: \(slipwayVersion)
      Platforms:        \(Platform.host)

      """)
  }

  func listBuilders() throws {
    var listing = DockerListing(columns: [
      ("Name", "NAME/NODE"), ("DriverEndpoint", "DRIVER/ENDPOINT"), ("Status", "STATUS"), ("Buildkit", "BUILDKIT"),
      ("Platforms", "PLATFORMS"),
    ])
    listing.rows = [
      [
        "Name": "default*", "DriverEndpoint": "slipway", "Status": "running", "Buildkit": .text(slipwayVersion),
        "Platforms": .text(Platform.host.description),
      ]
    ]
    Self.write(try listing.text(format: format))
  }

  func removeBuilders() {
    for name in invocation.arguments { say("\(name) removed") }
  }

  func showDiskUsage(listsItems: Bool) async throws -> Diagnostics.ExitCode {
    switch try await DiskUsageReport.make(try bench()) {
    case .delegated(let code): return code == .success ? code : .failure
    case .found(let report):
      Self.write(try report.rendered(as: .text, listsItems: listsItems))
      return .success
    }
  }

  func pruneBuilder() async throws -> Diagnostics.ExitCode {
    var request = PruneRequest()
    request.filters = invocation.list("filter")
    request.keepStorage = invocation["keep-storage"] ?? invocation["max-used-space"]
    switch try await PruneStore(request, try bench()).run() {
    case .delegated(let code): return code == .success ? code : .failure
    case .pruned(let report):
      Self.write(try report.rendered(as: .text))
      return report.exitCode == .success ? .success : .failure
    }
  }
}
