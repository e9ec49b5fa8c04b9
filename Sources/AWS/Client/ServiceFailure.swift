import Foundation
import HTTP
import NIOHTTP1

/// What a service says of a failure, in the forms that its protocols have for it.
struct ServiceFailure: Sendable, Hashable {
  var status: Int
  /// Without namespace, such as `ThrottlingException`; empty when none was given.
  var code = ""
  var message = ""

  /// Only the beginning of the body is read.
  init(_ response: HTTPResponse) async {
    let body = (try? await response.body.collect(limit: 256 << 10)) ?? []
    self.init(status: response.status, errorType: response.headers.first(name: "X-Amzn-ErrorType"), body: body)
  }

  init(status: Int, errorType: String?, body: [UInt8]) {
    self.status = status
    if let told = Told(json: body) ?? Told(xml: body) { (code, message) = (told.code, told.message) }
    if let errorType, !errorType.isEmpty { code = errorType }
    code = Self.bare(code)
  }

  /// From `namespace#Code:http://…`.
  private static func bare(_ code: String) -> String {
    let name = code.prefix { $0 != ":" }
    return String(name.split(separator: "#").last ?? "")
  }

  private struct Told {
    var code: String
    var message: String

    init?(json body: [UInt8]) {
      struct Document: Decodable {
        var __type: String?
        var code: String?
        var message: String?
        var Message: String?
        var errorMessage: String?
      }
      guard let document = try? JSONDecoder().decode(Document.self, from: Data(body)) else { return nil }
      code = document.__type ?? document.code ?? ""
      message = document.message ?? document.Message ?? document.errorMessage ?? ""
    }

    /// `ErrorResponse/Error`, `Response/Errors/Error` or `Error`.
    init?(xml body: [UInt8]) {
      guard let root = XMLElement(parsing: body),
        let error = root.name == "Error" ? root : root["Error"] ?? root["Errors"]?["Error"]
      else { return nil }
      code = error["Code"]?.text ?? ""
      message = error["Message"]?.text ?? ""
    }
  }
}

extension ServiceFailure {
  /// The SDKs' retry rules, but for `LimitExceededException`: it is a quota in most services, which no waiting raises.
  private static let throttling: Set<String> = [
    "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException",
    "SlowDown", "ThrottledException", "Throttling", "ThrottlingException", "TooManyRequestsException",
    "TransactionInProgressException",
  ]
  private static let transient: Set<String> = [
    "IDPCommunicationError", "InternalError", "InternalFailure", "InternalServerError", "InternalServerException",
    "RequestTimeout", "RequestTimeoutException", "ServerException", "ServiceUnavailable",
    "ServiceUnavailableException",
  ]
  private static let clock: Set<String> = [
    "AuthFailure", "InvalidSignatureException", "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
  ]
  private static let expired: Set<String> = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"]
  private static let identity: Set<String> = [
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId",
    "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "RequestExpired", "SignatureDoesNotMatch", "UnauthorizedException",
    "UnrecognizedClientException",
  ]
  private static let rights: Set<String> = [
    "AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired", "UnauthorizedAccess",
    "UnauthorizedOperation",
  ]

  var isThrottling: Bool { status == 429 || Self.throttling.contains(code) }
  /// Whether the same call may succeed a moment later, whatever the status says.
  var isTransient: Bool { isThrottling || Self.transient.contains(code) }
  /// Whether a wrong clock may be the reason.
  var mayBeClock: Bool { Self.clock.contains(code) }
  var isExpired: Bool { Self.expired.contains(code) }
  var concernsIdentity: Bool { Self.identity.contains(code) || (status == 401 && code.isEmpty) }
  var concernsRights: Bool { Self.rights.contains(code) || (status == 403 && !concernsIdentity) }
}
