import Diagnostics
import Foundation
import HostOS
import SystemPackage
import Testing

@testable import Sandbox

@Suite struct IsolationProbeTests {
  @Test func rootMayDoAllAndNothingIsLeft() async throws {
    let directory = try TemporaryDirectory()
    let report = try await IsolationProbe(in: directory.path).run()
    #expect(report.permitted == [.userns, .chroot], "\(report.refusals)")
    #expect(report.refusals.isEmpty)
    #expect(report.unfiltered.isEmpty)
    #expect(report.identities == UserNamespace.current)
    #expect(try Files.names(in: directory.path).isEmpty)
  }

  @Test func theReportIsTextAndJSON() throws {
    let refusal = IsolationReport.Refusal(
      feature: "overlayfs", systemCall: "mount", errno: .notPermitted, evidence: "tried in a throw-away process",
      remedies: ["permit it"])
    let report = IsolationReport(permitted: [.chroot], identities: nil, refusals: [refusal, refusal])
    #expect(
      report.description == """
        no   --isolation userns: namespaces and overlayfs
        yes  --isolation chroot: a changed root folder alone, with the processes of the host
        system calls of commands: filtered as in Docker
        overlayfs refused: mount: operation not permitted (errno 1), tried in a throw-away process
          help: permit it
        overlayfs refused: mount: operation not permitted (errno 1), tried in a throw-away process
          help: permit it
        """)
    #expect(try JSONDecoder().decode(IsolationReport.self, from: JSONEncoder().encode(report)) == report)
    var unfiltered = report
    (unfiltered.unfiltered, unfiltered.hasOwnFilter) = ([.chroot], true)
    #expect(
      unfiltered.description.contains(
        """
        system calls of commands: not filtered with --isolation chroot, but the filter that slipway itself runs under holds
          help: to filter them takes CAP_SYS_ADMIN
        """))
    var none = report
    none.permitted = []
    #expect(none.description.contains("without RUN"))
    let error = none.error(wanting: .auto)
    #expect(error.help.first == "permit it")
    #expect(error.help.count == 2)
    #expect(error.diagnostics[0].message.contains("overlayfs refused: mount: operation not permitted (errno 1)"))
  }

  @Test func namesTheSettingThatRefuses() {
    let restricted = HostSettings(apparmorRestrictsUserNamespaces: true, maximumUserNamespaces: 0)
    let help = Remedy.forNamespaces(restricted).joined(separator: "\n")
    #expect(help.contains("kernel.apparmor_restrict_unprivileged_userns"))
    #expect(help.contains("user.max_user_namespaces"))
    #expect(!help.contains("seccomp"))
    #expect(
      Remedy.forNamespaces(HostSettings(unprivilegedUserNamespacesDisabled: true)).first?.contains(
        "unprivileged_userns_clone") == true)
    #expect(Remedy.forNamespaces(HostSettings()).first?.contains("seccomp") == true)
  }
}
