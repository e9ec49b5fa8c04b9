/// What happens on the network, for `--debug` and the like. It holds no secrets.
public struct HTTPTrace: Sendable {
  public enum Event: Sendable, Hashable, CustomStringConvertible {
    case request(method: String, url: String, headers: [String])
    case response(status: Int, url: String, headers: [String])
    case redirect(from: String, to: String)
    case retry(url: String, attempt: Int, pause: Duration, reason: String)
    case failure(url: String, reason: String)

    public var description: String {
      switch self {
      case .request(let method, let url, _): "> \(method) \(url)"
      case .response(let status, let url, _): "< \(status) \(url)"
      case .redirect(let from, let to): "  \(from) redirects to \(to)"
      case .retry(let url, let attempt, let pause, let reason):
        "  attempt \(attempt) of \(url) failed (\(reason)); the next one in \(pause)"
      case .failure(let url, let reason): "! \(url): \(reason)"
      }
    }
  }

  public var report: @Sendable (Event) -> Void
  public init(report: @escaping @Sendable (Event) -> Void) { self.report = report }
  public static let none = HTTPTrace { _ in }
}
