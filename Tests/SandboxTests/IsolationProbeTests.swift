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
    #expect(report.identities == UserNamespace.current)
    #expect(try Files.names(in: directory.path).isEmpty)
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
