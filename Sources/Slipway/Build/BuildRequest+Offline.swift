import HTTP

extension BuildRequest {
  /// The same without a network: commands have a loopback interface of their own, no more.
  /// - Throws: `SlipwayError` with the code `offline` for what wants a network by itself.
  func offline() throws -> BuildRequest {
    guard !pullsAlways else { throw Self.contradiction("--pull") }
    guard network != "host" else { throw Self.contradiction("--network host") }
    var request = self
    request.network = "none"
    request.permitsHostNetwork = false
    return request
  }

  private static func contradiction(_ option: String) -> SlipwayError {
    SlipwayError(.offline, "\(option) needs a network, and --offline is set", help: ["leave one of both away"])
  }
}
