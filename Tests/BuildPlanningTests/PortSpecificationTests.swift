@testable import BuildPlanning
import Testing

@Suite struct PortSpecificationTests {
  @Test(arguments: [
    ("80", ["80/tcp"]), ("80/udp", ["80/udp"]), ("80/SCTP", ["80/sctp"]), ("80/", ["80/tcp"]), ("0", ["0/tcp"]),
    ("8000-8002", ["8000/tcp", "8001/tcp", "8002/tcp"]), ("65535", ["65535/tcp"]), ("8080:80", ["80/tcp"]),
    ("127.0.0.1:8080-8081:80-81/udp", ["80/udp", "81/udp"]), ("080", ["80/tcp"]),
    ("8000-8010:80", ["80/tcp"]), ("1-2:3-4", ["3/tcp", "4/tcp"]), (":80", ["80/tcp"]), ("::80", ["80/tcp"]),
    ("[::1]:8080:80", ["80/tcp"]), ("[fe80::1:2]::80/udp", ["80/udp"]), ("[::ffff:1.2.3.4]:1:2", ["2/tcp"]),
  ])
  func reads(_ text: String, _ ports: [String]) {
    #expect(PortSpecification(text)?.ports == ports)
  }

  @Test func readsTheLargestRange() {
    #expect(PortSpecification("0-65535")?.ports.count == 65_536)
  }

  @Test(arguments: [
    "", "/tcp", "-", "80-", "-80", "81-80", "1-2-3", "65536", "99999999999999999999", "+80", "80/icmp", "80 ", "x",
    "80:", "x:80", "1-3:4-5", "1.2.3:1:2", "1.2.3.256:1:2", "[::1:1:2", "[zz::]:1:2", "host:1:2", "01.2.3.4:5:6",
    "127.0.0.1:8080:80-81",
  ])
  func refuses(_ text: String) {
    #expect(PortSpecification(text) == nil)
  }
}
