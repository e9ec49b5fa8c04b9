import AsyncHTTPClient
import Diagnostics
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension HTTPError {
  /// What an error of the network means. Errors that explain themselves, and cancellation, are passed on.
  static func explaining(_ error: any Error, url: URL) -> any Error {
    let place = Place(url)
    switch error {
    case is CancellationError, is any DiagnosticError: return error
    case let error as HTTPClientError: return explaining(error, place)
    case let error as NIOConnectionError: return explaining(error, place)
    case let error as NIOSSLError: return explaining(error, place)
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      return HTTPError(.certificateWrongHost, "the certificate of \(place) is made out to another host")
    case let error as IOError: return explaining(error, place)
    case HTTPParserError.invalidEOFState: return lost(place, "the answer is not complete")
    case is HTTPParserError:
      return HTTPError(.protocolViolation, "\(place) does not speak HTTP", cause: "\(error)")
    case let error as ChannelError:
      if case .connectTimeout = error { return timeout("connect to \(place)") }
      return lost(place, "\(error)")
    default:
      return HTTPError(.connectionFailed, "the connection to \(place) failed", cause: "\(error)")
    }
  }

  /// A host and its port, as people write it.
  private struct Place: CustomStringConvertible {
    let description: String
    init(_ url: URL) {
      let host = url.host() ?? "the server"
      let port = url.effectivePort
      let usual = url.scheme == "https" ? 443 : 80
      description = port == usual || port == nil ? host : "\(host):\(port ?? usual)"
    }
  }

  private static func explaining(_ error: HTTPClientError, _ place: Place) -> HTTPError {
    switch error {
    case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout: return timeout("connect to \(place)")
    case .readTimeout, .deadlineExceeded: return timeout("hear from \(place)")
    case .writeTimeout: return timeout("send to \(place)")
    case .proxyAuthenticationRequired, .invalidProxyResponse, .httpProxyHandshakeTimeout:
      return HTTPError(.proxyFailure, "the proxy does not connect to \(place)", cause: error.shortDescription)
    case .invalidURL, .emptyHost, .emptyScheme:
      return HTTPError(.invalidURL, "\(place) is not an address of the web", cause: error.shortDescription)
    case .remoteConnectionClosed, .uncleanShutdown, .requestStreamCancelled:
      return lost(place, error.shortDescription)
    default:
      return HTTPError(.connectionFailed, "the connection to \(place) failed", cause: error.shortDescription)
    }
  }

  private static func explaining(_ error: NIOConnectionError, _ place: Place) -> HTTPError {
    let failures = error.connectionErrors.map(\.error)
    if failures.isEmpty, error.dnsAError != nil || error.dnsAAAAError != nil {
      return HTTPError(.dnsFailure, "the name \(error.host) cannot be resolved")
    }
    // Of a host with several addresses the one that answered tells most; a missing IPv6 tells nothing.
    let system = failures.compactMap { $0 as? IOError }
    if let refused = system.first(where: { $0.errnoCode == ECONNREFUSED }) { return explaining(refused, place) }
    if failures.contains(where: { if case ChannelError.connectTimeout = $0 { true } else { false } }) {
      return timeout("connect to \(place)")
    }
    if let last = system.last { return explaining(last, place) }
    return HTTPError(.connectionFailed, "cannot connect to \(place)", cause: failures.first.map { "\($0)" })
  }

  private static func explaining(_ error: IOError, _ place: Place) -> HTTPError {
    switch error.errnoCode {
    case ECONNREFUSED: HTTPError(.connectionRefused, "nothing listens at \(place)")
    case ECONNRESET, EPIPE, ENOTCONN, ECONNABORTED: lost(place, "reset by the other side")
    case ETIMEDOUT: timeout("connect to \(place)")
    default: HTTPError(.connectionFailed, "cannot connect to \(place)", cause: error.description)
    }
  }

  /// The library gives the reason of a failed handshake as text alone.
  private static func explaining(_ error: NIOSSLError, _ place: Place) -> HTTPError {
    let text = "\(error)"
    if error == .uncleanShutdown { return lost(place, "closed without saying so") }
    if text.contains("CERTIFICATE_VERIFY_FAILED") || error == .unableToValidateCertificate {
      return HTTPError(.certificateUntrusted, "the certificate of \(place) is not trusted")
    }
    if ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE"].contains(where: text.contains) {
      return HTTPError(.plainHTTPServer, "\(place) speaks plain HTTP, not TLS")
    }
    return HTTPError(.tlsFailure, "TLS with \(place) failed", cause: text)
  }

  private static func timeout(_ action: String) -> HTTPError {
    HTTPError(.timedOut, "it took too long to \(action)")
  }

  private static func lost(_ place: Place, _ cause: String) -> HTTPError {
    HTTPError(.connectionLost, "the connection to \(place) was cut", cause: cause)
  }
}
