internal import HostOS
internal import SystemPackage

extension TestRegistry {
  /// A request that the registry answered.
  public struct Request: Sendable, Hashable, CustomStringConvertible {
    public var method: String
    /// With its query.
    public var path: String
    public var status: Int

    public var description: String { "\(method) \(path) \(status)" }
  }

  /// What the registry has written so far, to be shown when a test fails.
  public func log() throws -> String {
    String(decoding: try Files.read(folder.appending("registry.log")), as: UTF8.self)
  }

  /// The requests that the registry has answered, in the order of their ends.
  public func requests() throws -> [Request] {
    // The access log is in Apache's combined format: 127.0.0.1 - - [date] "GET /v2/ HTTP/1.1" 200 2 "" "agent"
    try log().split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "\"", omittingEmptySubsequences: false)
      guard fields.count >= 3, fields[0].hasPrefix("127.0.0.1 - ") else { return nil }
      let request = fields[1].split(separator: " ")
      guard request.count == 3,
        let status = fields[2].split(separator: " ").first.flatMap({ Int($0) })
      else { return nil }
      return Request(method: String(request[0]), path: String(request[1]), status: status)
    }
  }

  /// One line for each token that was asked for: `token GET repository:app:pull sailor 200`.
  public func tokenRequests() throws -> [String] {
    guard case .token = configuration.access else { return [] }
    return String(decoding: try Files.read(folder.appending("token.log")), as: UTF8.self)
      .split(separator: "\n").filter { $0.hasPrefix("token ") }.map(String.init)
  }
}
