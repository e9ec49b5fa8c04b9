import BuildPlanning
import Diagnostics
import DockerfileSyntax
import Glibc

extension ExecSurroundings {
  /// - Throws: `SlipwayError` with the codes `invalid-host`, `invalid-size` and `invalid-limit`.
  init(_ request: BuildRequest) throws {
    self.init()
    hosts = try request.hosts.map(Self.host)
    limits = try request.limits.map(Self.limit)
    if let text = request.sharedMemorySize {
      guard let size = ByteCount(optionText: text), size.rawValue > 0 else {
        throw SlipwayError(
          "invalid-size", "--shm-size \(text) is not a size", help: ["write a number of bytes, such as 64m or 1g"])
      }
      sharedMemorySize = size.rawValue
    }
  }

  /// `NAME=ADDRESS`, or `NAME:ADDRESS`, where the address may be of IPv6.
  private static func host(_ text: String) throws -> Host {
    let mark = text.firstIndex(of: "=") ?? text.firstIndex(of: ":")
    guard let mark, mark > text.startIndex else {
      throw invalidHost(text, "write NAME:ADDRESS, such as db.internal:10.0.0.7")
    }
    var address = text[text.index(after: mark)...]
    if address.first == "[", address.last == "]" { address = address.dropFirst().dropLast() }
    guard address != "host-gateway" else {
      throw invalidHost(text, "commands share the network of this machine: write its address, such as 127.0.0.1")
    }
    guard address.isIPAddress else {
      throw invalidHost(text, "\"\(address)\" is not an address of IPv4 or IPv6")
    }
    let name = text[..<mark]
    guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
      throw invalidHost(text, "\"\(name)\" is not the name of a host")
    }
    return Host(name: String(name), address: String(address))
  }

  private static func invalidHost(_ text: String, _ help: String) -> SlipwayError {
    SlipwayError("invalid-host", "--add-host \(text) is not usable", help: [help])
  }

  /// The names that docker takes (setrlimit(2)).
  private static let limitNames = [
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
  ]

  /// `NAME=SOFT[:HARD]`; -1 is no limit.
  private static func limit(_ text: String) throws -> Limit {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    let values = parts.count == 2 ? parts[1].split(separator: ":").map { Int64($0) } : []
    guard let soft = values.first ?? nil, let hard = values.last ?? nil, (1...2).contains(values.count) else {
      throw SlipwayError(
        "invalid-limit", "--ulimit \(text) is not usable", help: ["write NAME=SOFT[:HARD], such as nofile=1024:4096"])
    }
    guard limitNames.contains(parts[0]) else {
      let nearest = Suggestion.nearest(to: parts[0], in: limitNames)
      throw SlipwayError(
        "invalid-limit", "there is no limit \"\(parts[0])\"",
        help: [nearest.map { "did you mean \($0)?" } ?? "the limits are \(limitNames.joined(separator: ", "))"])
    }
    guard soft >= -1, hard >= -1, hard == -1 || (soft != -1 && soft <= hard) else {
      throw SlipwayError(
        "invalid-limit", "--ulimit \(text) has a soft limit above the hard one",
        help: ["the second number is the hard limit, which the first one cannot exceed; -1 is no limit"])
    }
    return Limit(name: parts[0], soft: soft, hard: hard)
  }
}

extension Substring {
  /// Whether inet_pton(3) reads it.
  fileprivate var isIPAddress: Bool {
    var address = in6_addr()
    return [AF_INET, AF_INET6].contains { inet_pton($0, String(self), &address) == 1 }
  }
}
